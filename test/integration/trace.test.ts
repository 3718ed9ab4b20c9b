// One trace id from a client through global controller, meeting controller and media handler, as their logs tell it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TalkingClients } from '../bench/failover/TalkingClients.ts';

type Line = Readonly<Record<string, unknown>>;

const lines: Line[] = [];
let system: ChildProcess;
let clients: TalkingClients;

beforeAll(async () => {
  const args = ['infra/local/main.ts', '--port', '0', '--ephemeral', '--log-level', 'debug'];
  // A process group of its own, so that Ctrl-C of a terminal ends it through this process alone.
  system = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const { stdout, stderr } = system;
  if (stdout === null || stderr === null) throw new Error('The system has no output');
  createInterface({ input: stderr }).on('line', (line) => {
    if (line.startsWith('{')) lines.push(JSON.parse(line) as Line);
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: stdout }).on('line', (line) => {
      const [found] = /http:\/\/localhost:\d+/.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
    system.once('exit', () => reject(new Error('The system ended')));
  });
  clients = new TalkingClients({ url, meetings: { traced: 2 } });
  await clients.until('flowing', 'traced');
});
afterAll(async () => {
  await clients?.stop().catch(() => undefined);
  system?.kill('SIGINT');
  if (system?.exitCode === null) await once(system, 'exit');
});

describe('a join', () => {
  it('GC-19 has one trace id in the logs of everyone who has a part in it, with what it is about', async () => {
    const joined = lines.filter(({ message }) => message === 'Participant joined');
    expect(joined).toHaveLength(2);
    for (const { meeting_id, participant_id, trace_id, controller_id, region } of joined) {
      expect(trace_id).toMatch(/^[0-9a-f]{32}$/);
      expect({ controller_id, region }).toEqual({ controller_id: 'node-1', region: 'local' });
      const traced = lines.filter((line) => line['trace_id'] === trace_id);
      const about = (message: string, fields: Line) =>
        expect(traced).toContainEqual(
          expect.objectContaining({ message, meeting_id, region: 'local', ...fields }),
        );
      about('Request', { route: '/api/v1/meetings/:meeting_id/join' });
      about('Internal request', {
        participant_id,
        handler_id: expect.stringMatching(/^node-[12]$/),
        path: expect.stringMatching(/\/transports$/),
      });
    }
    // One of the two had the meeting assigned.
    const assigned = lines.find(({ path }) => path === '/internal/v1/assignments');
    expect(assigned).toMatchObject({ controller_id: 'node-1', meeting_id: joined[0]?.['meeting_id'] });
    expect(joined.map(({ trace_id }) => trace_id)).toContain(assigned?.['trace_id']);
  });
});
