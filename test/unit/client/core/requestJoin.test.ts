import { describe, expect, it } from 'vitest';
import { ApiClient } from '../../../../client/core/api/ApiClient.ts';
import { solveProofOfWork } from '../../../../client/core/api/proofOfWork.ts';
import { requestJoin } from '../../../../client/core/api/requestJoin.ts';
import { ApiError } from '../../../../shared/api/error.ts';
import { leadingZeroBits, proofOfWorkInput } from '../../../../shared/api/guest.ts';
import { LoopbackMeeting } from '../../../support/loopbackMeeting.ts';

const CHALLENGE = {
  type: 'proof_of_work',
  challenge: 'eyJ.c2ln',
  difficulty_bits: 10,
  expires_at: '2026-11-21T10:05:00.000Z',
} as const;

async function bitsOf(answer: { challenge: string; answer: string }): Promise<number> {
  return leadingZeroBits(new Uint8Array(await crypto.subtle.digest('SHA-256', proofOfWorkInput(answer))));
}

describe('a guest', () => {
  it('GC-16 solves the meeting’s challenge when it is asked to, and is let in', async () => {
    const meeting = new LoopbackMeeting();
    const bodies: { human_check?: { challenge: string; answer: string } }[] = [];
    const refusal = new ApiError('FORBIDDEN', 'Solve a challenge first', { details: { challenges: '/x' } });
    const api = new ApiClient({
      apiUrl: 'https://api.test',
      fetch: async (url, init) => {
        if (url.endsWith('/guest-challenges')) return Response.json(CHALLENGE);
        const body = JSON.parse(String(init.body)) as (typeof bodies)[number];
        bodies.push(body);
        if (body.human_check === undefined) return Response.json(refusal.toBody(), { status: 403 });
        return await meeting.fetch(url, init);
      },
    });
    expect((await requestJoin(api, 'demo', { displayName: 'Guest' })).join_token).toBe('Guest');
    const solved = bodies[1]?.human_check;
    if (solved === undefined) throw new Error('Nothing was solved');
    expect(await bitsOf(solved)).toBeGreaterThanOrEqual(10);
  });

  it('GC-16 is told any other refusal as it is', async () => {
    const refusal = new ApiError('FORBIDDEN', 'No', { details: { scope: 'meetings:join' } });
    const api = new ApiClient({
      apiUrl: 'https://api.test',
      fetch: async () => Response.json(refusal.toBody(), { status: 403 }),
    });
    await expect(requestJoin(api, 'demo', { displayName: 'Guest' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: 'No',
    });
  });

  it('GC-16 does not start on a challenge that would take it for ever', async () => {
    await expect(solveProofOfWork({ ...CHALLENGE, difficulty_bits: 32 })).rejects.toMatchObject({
      code: 'protocol',
    });
  });
});
