// Protobuf bodies between machines, loaded with the first of them: a fifth of a function's code, and not every process
// gets or sends one.
import type * as Messages from '../../shared/control-plane/messages.ts';

export type { NodeMessageName } from '../../shared/control-plane/messages.ts';

export async function nodeMessages(): Promise<typeof Messages> {
  return await import('../../shared/control-plane/messages.ts');
}
