import { type HumanCheck, noHumanCheck } from './HumanCheck.ts';
import { type ProofOfWorkOptions, proofOfWork } from './ProofOfWork.ts';

/** The human check of this name, as the configuration has it. */
export function createHumanCheck(name: 'none' | 'proof-of-work', options: ProofOfWorkOptions): HumanCheck {
  return name === 'none' ? noHumanCheck : proofOfWork(options);
}
