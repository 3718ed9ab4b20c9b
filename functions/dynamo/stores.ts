import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import {
  heartbeatSchema,
  mediaHandlerLoadReportSchema,
  registerMediaHandlerSchema,
  registerMeetingControllerSchema,
} from '../../shared/api/node.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { controllerCapacity, handlerCapacity } from '../registry/capacity.ts';
import type { Stores } from '../Stores.ts';
import { createAccessStores } from './accessStores.ts';
import { DynamoMeetingStore } from './DynamoMeetingStore.ts';
import { DynamoNodeStore } from './DynamoNodeStore.ts';
import { DynamoPresenceStore } from './DynamoPresenceStore.ts';
import { DynamoSupersededStore } from './DynamoSupersededStore.ts';
import { DynamoUnreachableStore } from './DynamoUnreachableStore.ts';
import { DynamoUntoldStore } from './DynamoUntoldStore.ts';
import { Table } from './Table.ts';

export interface DynamoStoresOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly clock: Clock;
}

/** All stores of the global controller over one table. */
export function createDynamoStores(options: DynamoStoresOptions): Stores {
  const table = new Table(options);
  return {
    meetings: new DynamoMeetingStore(table),
    presence: new DynamoPresenceStore(table),
    unreachable: new DynamoUnreachableStore(table),
    superseded: new DynamoSupersededStore(table),
    untold: new DynamoUntoldStore(table),
    access: createAccessStores(table, options.clock),
    handlers: new DynamoNodeStore({
      table,
      kind: 'handler',
      capacity: handlerCapacity,
      registrationSchema: registerMediaHandlerSchema,
      loadSchema: z
        .object(mediaHandlerLoadReportSchema.omit({ handler_id: true, health: true, sent_at_ms: true }).shape)
        .partial(),
    }),
    controllers: new DynamoNodeStore({
      table,
      kind: 'controller',
      capacity: controllerCapacity,
      registrationSchema: registerMeetingControllerSchema,
      loadSchema: z
        .object(heartbeatSchema.omit({ controller_id: true, health: true, sent_at_ms: true }).shape)
        .partial(),
    }),
  };
}
