// `npm run load-test` as a person types it. Figures of speed are measured, not asserted: only what must hold on any machine.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { LocalSystem } from '../../infra/local/LocalSystem.ts';

const run = promisify(execFile);

function loadTest(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return run('npm', ['run', '--silent', 'load-test', '--', ...args]);
}

describe('npm run load-test', () => {
  it('MH-1 MC-2 GC-6 joins, publishes and receives over a local system without loss, and prints one JSON object', async () => {
    const { stdout } = await loadTest(
      '--local',
      '--participants',
      '4',
      '--publishers',
      '2',
      '--seconds',
      '2',
      '--json',
    );
    const report = JSON.parse(stdout);
    expect(Object.keys(report)).toEqual([
      'participants',
      'publishers',
      'meetings',
      'seconds',
      'sent',
      'expected',
      'delivered',
      'loss',
      'duplicates',
      'latencyMs',
      'joinMs',
      'serverCpuUsPerDatagram',
      'errors',
    ]);
    expect(report).toMatchObject({
      participants: 4,
      publishers: 2,
      meetings: 1,
      seconds: 2,
      loss: 0,
      duplicates: 0,
      errors: 0,
    });
    expect(report.expected).toBe(report.sent * 3);
    expect(report.delivered).toBe(report.expected);
    expect(Object.keys(report.latencyMs)).toEqual(['p50', 'p95', 'p99', 'p999']);
    expect(Object.keys(report.joinMs)).toEqual(['p50', 'p95', 'p99']);
    expect(report.serverCpuUsPerDatagram).toBeGreaterThan(0);
  });

  it('runs several meetings against a system by its address, and prints a table', async () => {
    const system = await LocalSystem.start({ port: 0, logLevel: 'warn' });
    try {
      const { stdout, stderr } = await loadTest(
        '--url',
        system.url,
        '--meetings',
        '2',
        '--participants',
        '3',
        '--publishers',
        '1',
        '--seconds',
        '1',
      );
      expect(stdout).toMatch(/Delivered +\d+ of \d+/);
      expect(stdout).toMatch(/Loss +0\.000 %/);
      expect(stderr).not.toBe('');
    } finally {
      await system.stop();
    }
  });

  it('refuses options that make no sense with its usage', async () => {
    await expect(loadTest('--local', '--participants', '2', '--publishers', '3')).rejects.toMatchObject({
      stderr: expect.stringContaining('--publishers must be a whole number from 0 to 2'),
    });
    await expect(loadTest()).rejects.toMatchObject({ stderr: expect.stringContaining('--local or --url') });
  });
});
