import { SecretValue } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ENV } from '../../../shared/base/env.ts';

/** Over the 32 characters that functions ask for; letters and digits only, which a bearer token carries as they are. */
const KEY_LENGTH = 48;

export interface ControlPlaneKeysProps {
  /** Secret that the operator made with infra/cdk/newSigningKey.ts: Secrets Manager makes no Ed25519 keys. */
  readonly signingKeySecretName: string;
}

/**
 * The control plane's credentials in Secrets Manager: the key that signs tokens, and two bearer keys made here, of the
 * public API's callers and of the media nodes.
 */
export class ControlPlaneKeys extends Construct {
  readonly apiKey: Secret;
  readonly nodeToken: Secret;
  readonly #signingKey: SecretValue;

  constructor(scope: Construct, id: string, props: ControlPlaneKeysProps) {
    super(scope, id);
    this.#signingKey = SecretValue.secretsManager(props.signingKeySecretName);
    this.apiKey = this.#bearerKey('ApiKey', 'Dark Tower: bearer key of the public API');
    this.nodeToken = this.#bearerKey('NodeToken', 'Dark Tower: bearer key of media nodes');
  }

  /**
   * Gives the function its keys in its environment, as dynamic references: the template names the secrets, and
   * CloudFormation puts in the values while it deploys. The function starts without calling Secrets Manager and needs no
   * right to it; in exchange whoever may read the function's configuration (lambda:GetFunctionConfiguration) sees the
   * values, and a rotated secret arrives with the next deployment that changes the function.
   */
  grantKeys(user: LambdaFunction): void {
    this.grantSigningKey(user);
    user.addEnvironment(ENV.apiKey, this.apiKey.secretValue.unsafeUnwrap());
    user.addEnvironment(ENV.nodeToken, this.nodeToken.secretValue.unsafeUnwrap());
  }

  /** Gives the function the key that signs alone, in the same way. */
  grantSigningKey(user: LambdaFunction): void {
    user.addEnvironment(ENV.signingJwk, this.#signingKey.unsafeUnwrap());
  }

  #bearerKey(id: string, description: string): Secret {
    return new Secret(this, id, {
      description,
      generateSecretString: { passwordLength: KEY_LENGTH, excludePunctuation: true },
    });
  }
}
