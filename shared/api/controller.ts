// Body of a meeting controller's internal API that only looks (ledger MC-5, MH-10).
import * as z from 'zod';

export const controllerSchema = z.object({
  pid: z.int(),
  udp_port: z.int(),
  meetings: z.int(),
  participants: z.int(),
  cpu_us: z.number().meta({ description: 'CPU time used since start, microseconds.' }),
  rss_bytes: z.number(),
  refusals: z.record(z.string(), z.number()).meta({
    description:
      'What was refused since the worker started, by reason; reasons that never happened are left out.',
  }),
});
export type ControllerBody = z.infer<typeof controllerSchema>;
