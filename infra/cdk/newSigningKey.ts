// Prints a new signing key as a private JWK, for the secret that a control plane reads. Once in each region:
//   aws secretsmanager create-secret --name dark-tower/signing-key --secret-string "$(node infra/cdk/newSigningKey.ts)"
import { generateSigningJwk } from '../../shared/token/signingKey.ts';

console.log(JSON.stringify(await generateSigningJwk()));
