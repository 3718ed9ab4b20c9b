import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ControlPlaneFunction, type FunctionSettings } from './ControlPlaneFunction.ts';

/** The shortest that a schedule can be. */
const INTERVAL_MINUTES = 1;
const MEMORY_MIB = 512;
/** A sweep that takes longer than its interval is given up; the next one goes on. */
const TIMEOUT_SECONDS = 55;

export interface SweepProps {
  readonly settings: FunctionSettings;
}

/** What time brings about and no request: silent nodes (ledger GC-3) and empty meetings (GC-13), every minute. */
export class Sweep extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, { settings }: SweepProps) {
    super(scope, id);
    this.function = new ControlPlaneFunction(this, 'Sweep', {
      name: 'sweep',
      description: 'Dark Tower: sweep of silent nodes and empty meetings',
      memoryMib: MEMORY_MIB,
      timeoutSeconds: TIMEOUT_SECONDS,
      settings,
    }).function;
    new Rule(this, 'Schedule', {
      description: 'Dark Tower: calls the sweep',
      schedule: Schedule.rate(Duration.minutes(INTERVAL_MINUTES)),
      // One that failed is not repeated: the next one comes soon and does the same.
      targets: [new LambdaTarget(this.function, { retryAttempts: 0 })],
    });
  }
}
