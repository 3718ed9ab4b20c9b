import { afterEach, expect, it, vi } from 'vitest';
import { createLambdaParts } from '../../../../functions/entry/lambdaParts.ts';
import { generateSigningJwk } from '../../../../shared/token/signingKey.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it('GC-19 names the region in every line of a function', async () => {
  const written = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const { log } = await createLambdaParts({
    logLevel: 'info',
    region: 'eu-west-1',
    awsRegion: 'eu-west-1',
    tableName: 'dark-tower',
    signingJwks: [await generateSigningJwk()],
    retentionMs: 1,
  });
  log.info('Meetings looked at', { looked: 1 });
  log.with({ meeting_id: 'standup' }).info('Meeting ended');
  const lines = written.mock.calls.map(([line]) => JSON.parse(line));
  expect(lines).toMatchObject([
    { region: 'eu-west-1', looked: 1 },
    { region: 'eu-west-1', meeting_id: 'standup' },
  ]);
});
