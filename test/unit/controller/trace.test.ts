import { describe, expect, it } from 'vitest';
import { TestMeeting } from './support/TestMeeting.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

async function join(traceparent: string) {
  const test = await TestMeeting.start();
  const client = await test.opened();
  await client.request({ join: { joinToken: await test.token({ participantId: 'ada' }), traceparent } });
  const [router] = test.plane.routers.values();
  const [transport] = router?.transports.values() ?? [];
  const logged = test.logged.find(({ message }) => message === 'Participant joined');
  return { test, client, transport, logged };
}

describe('a join', () => {
  it('GC-19 goes on with the trace of its client, to the media handler and into the log', async () => {
    const { test, client, transport, logged } = await join(TRACEPARENT);
    expect(transport?.traceparent).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-01$`));
    expect(transport?.traceparent).not.toBe(TRACEPARENT);
    expect(logged).toMatchObject({ meeting_id: 'standup', participant_id: 'ada', trace_id: TRACE_ID });
    await client.request({ leave: {} });
    await test.controller.settled();
    const left = test.logged.find(({ message }) => message === 'Participant left');
    expect(left).toMatchObject({ participant_id: 'ada', trace_id: TRACE_ID });
  });

  it.each(['', 'nonsense', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, 'x'.repeat(10_000)])(
    'GC-19 starts a trace where the client has none that can be gone on with',
    async (traceparent) => {
      const { transport, logged } = await join(traceparent);
      const [, traceId] = transport?.traceparent?.split('-') ?? [];
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(logged?.['trace_id']).toBe(traceId);
    },
  );
});
