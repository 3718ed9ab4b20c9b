import { ApiError } from '../../../shared/api/error.ts';

/** What the call fails with; rejects when it does not, or with anything but an ApiError. */
export async function failure(call: () => unknown): Promise<{ code: string; message: string }> {
  try {
    await call();
  } catch (error) {
    if (error instanceof ApiError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('The call did not fail');
}
