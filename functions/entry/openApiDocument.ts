// Prints the OpenAPI document of the global controller. The build puts it into the function, which then needs no code that
// makes it (infra/build/functions.ts). Nothing of the app is called: its stores have no database behind them.
import { systemClock } from '../../shared/base/clock.ts';
import { silentLogger } from '../../shared/base/log.ts';
import { createPinnedClient } from '../../shared/node/pinnedHttps.ts';
import { generateSigningJwk } from '../../shared/token/signingKey.ts';
import { createGlobalController } from '../app.ts';
import { cryptoRandom } from '../base/random.ts';
import { createHttpsControllerClient, PINNED_CLIENT_LIMITS } from '../controllers/httpsControllerClient.ts';
import { createDynamoClient } from '../dynamo/client.ts';
import { createDynamoStores } from '../dynamo/stores.ts';
import { openAccess } from '../http/Access.ts';
import { createOpenApiDocument } from '../http/openApiDocument.ts';
import { importSigningKeys } from '../token/SigningKeys.ts';

const region = 'none';
const clock = systemClock;
const signingKeys = await importSigningKeys([await generateSigningJwk()]);
const https = createPinnedClient(PINNED_CLIENT_LIMITS);
const nobody = openAccess({ orgId: 'none', subject: 'none' });

const app = createGlobalController({
  region,
  stores: createDynamoStores({ client: createDynamoClient({ region }), tableName: 'none', clock }),
  controllerClient: createHttpsControllerClient({ https, signingKeys, clock }),
  signingKeys,
  access: nobody,
  nodeAccess: nobody,
  clock,
  random: cryptoRandom,
  log: silentLogger,
});
console.log(JSON.stringify(createOpenApiDocument(app)));
https.close();
