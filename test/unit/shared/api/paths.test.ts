import { describe, expect, it } from 'vitest';
import { controllerPaths, gcPaths, handlerPaths } from '../../../../shared/api/paths.ts';

describe('paths', () => {
  it('GC-14 are under /api/v1 for clients and nodes', () => {
    expect([
      gcPaths.meetings,
      gcPaths.joinMeeting('m'),
      gcPaths.endMeeting('m'),
      gcPaths.loadReports('h'),
      gcPaths.heartbeats('c'),
      gcPaths.openApi,
    ]).toEqual([
      '/api/v1/meetings',
      '/api/v1/meetings/m/join',
      '/api/v1/meetings/m/end',
      '/api/v1/media-handlers/h/load-reports',
      '/api/v1/meeting-controllers/c/heartbeats',
      '/api/v1/openapi.json',
    ]);
  });

  it('SFU-3 are under /internal/v1 between nodes, and nest as the objects do', () => {
    expect([
      controllerPaths.assignMeeting,
      handlerPaths.transport('r', 't'),
      handlerPaths.producer('r', 'p'),
      handlerPaths.consumer('r', 'c'),
    ]).toEqual([
      '/internal/v1/assignments',
      '/internal/v1/routers/r/transports/t',
      '/internal/v1/routers/r/producers/p',
      '/internal/v1/routers/r/consumers/c',
    ]);
  });

  it('SFU-3 keep an id that is not one from leaving its segment', () => {
    expect(gcPaths.meeting('a/b?c#d')).toBe('/api/v1/meetings/a%2Fb%3Fc%23d');
    expect(handlerPaths.transport('r/../x', 't/y')).toBe('/internal/v1/routers/r%2F..%2Fx/transports/t%2Fy');
  });
});
