// The global controller on Lambda, behind an HTTP API. Refuses to start without its keys.
import { handle } from 'hono/aws-lambda';
import { systemClock } from '../../shared/base/clock.ts';
import { createLogger } from '../../shared/base/log.ts';
import { createPinnedClient } from '../../shared/node/pinnedHttps.ts';
import { createGlobalController } from '../app.ts';
import { cryptoRandom } from '../base/random.ts';
import { createSourcePositions } from '../base/sourcePositions.ts';
import { createHttpsControllerClient, PINNED_CLIENT_LIMITS } from '../controllers/httpsControllerClient.ts';
import { createDynamoClient } from '../dynamo/client.ts';
import { createDynamoStores } from '../dynamo/stores.ts';
import { createHumanCheck } from '../guest/createHumanCheck.ts';
import { anyAccess, bearerAccess } from '../http/Access.ts';
import { importSigningKeys } from '../token/SigningKeys.ts';
import { userAccess } from '../token/userAccess.ts';
import { readPublicConfig } from './publicConfig.ts';

const ORG_ID = 'default';

const config = readPublicConfig(process.env);
if (!config.ok) throw new Error(config.reason);
const { logLevel, region, awsRegion, tableName, signingJwks, apiKey, nodeToken, access, retentionMs } =
  config.value;
const signingKeys = await importSigningKeys(signingJwks);
const toSource = createSourcePositions();
const log = createLogger({ level: logLevel, write: (line) => console.log(toSource(line)) });
const clock = systemClock;
const stores = createDynamoStores({ client: createDynamoClient({ region: awsRegion }), tableName, clock });
const { denylist, oneTimeTokens } = stores.access;

export const handler = handle(
  createGlobalController({
    region,
    stores,
    controllerClient: createHttpsControllerClient({
      https: createPinnedClient(PINNED_CLIENT_LIMITS),
      signingKeys,
      clock,
    }),
    signingKeys,
    access: anyAccess(
      bearerAccess(apiKey, { orgId: ORG_ID, subject: 'api-key' }),
      userAccess({ issuers: access.issuers, signingKeys, denylist, fetch, clock, log }),
    ),
    clients: access.clients,
    humanCheck: createHumanCheck(access.humanCheck, { signingKeys, oneTimeTokens, clock }),
    writesPerMinute: access.writesPerMinute,
    nodeAccess: bearerAccess(nodeToken, { orgId: ORG_ID, subject: 'node' }),
    clock,
    random: cryptoRandom,
    log,
    retentionMs,
  }),
);
