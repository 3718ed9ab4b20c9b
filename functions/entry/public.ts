// The global controller on Lambda, behind an HTTP API. Refuses to start without its keys.
import { handle } from 'hono/aws-lambda';
import { createGlobalController } from '../app.ts';
import { cryptoRandom } from '../base/random.ts';
import { createHumanCheck } from '../guest/createHumanCheck.ts';
import { anyAccess, bearerAccess } from '../http/Access.ts';
import { userAccess } from '../token/userAccess.ts';
import { createLambdaParts } from './lambdaParts.ts';
import { readPublicConfig } from './publicConfig.ts';

const ORG_ID = 'default';

const config = readPublicConfig(process.env);
if (!config.ok) throw new Error(config.reason);
const { region, apiKey, nodeToken, access, retentionMs } = config.value;
const parts = await createLambdaParts(config.value);
const { clock, log, signingKeys, stores } = parts;
const { denylist, oneTimeTokens } = stores.access;

export const handler = handle(
  createGlobalController({
    ...parts,
    region,
    access: anyAccess(
      bearerAccess(apiKey, { orgId: ORG_ID, subject: 'api-key' }),
      userAccess({ issuers: access.issuers, signingKeys, denylist, fetch, clock, log }),
    ),
    clients: access.clients,
    humanCheck: createHumanCheck(access.humanCheck, { signingKeys, oneTimeTokens, clock }),
    writesPerMinute: access.writesPerMinute,
    nodeAccess: bearerAccess(nodeToken, { orgId: ORG_ID, subject: 'node' }),
    random: cryptoRandom,
    retentionMs,
  }),
);
