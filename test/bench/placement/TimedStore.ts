import type { MediaNode } from '../../../functions/registry/MediaNode.ts';
import type {
  HealthChange,
  IndexedNode,
  NodeQuery,
  NodeStore,
  Reservation,
} from '../../../functions/registry/NodeStore.ts';

/**
 * A store that answers copies, as a database does, and keeps account of the time that is spent in it: what is left of a
 * placement is our own.
 */
export class TimedStore<Registration extends object, Load> implements NodeStore<Registration, Load> {
  spentMs = 0;
  /** What was answered, look by look. */
  readonly answers: (readonly IndexedNode<Registration, Load>[])[] = [];
  readonly #inner: NodeStore<Registration, Load>;

  constructor(inner: NodeStore<Registration, Load>) {
    this.#inner = inner;
  }

  async list(query: NodeQuery): Promise<readonly IndexedNode<Registration, Load>[]> {
    const startedMs = performance.now();
    const found = await this.#inner.list(query);
    const copies = found.map(({ node, position }) => ({
      position: `${position}`,
      node: {
        ...node,
        registration: { ...node.registration },
        health: { ...node.health },
        load: { ...node.load },
      },
    }));
    this.answers.push(copies);
    this.spentMs += performance.now() - startedMs;
    return copies;
  }

  async reserve(node: MediaNode<Registration, Load>, reservation: Reservation): Promise<boolean> {
    const startedMs = performance.now();
    const isReserved = await this.#inner.reserve(node, reservation);
    this.spentMs += performance.now() - startedMs;
    return isReserved;
  }

  release(reservation: Reservation): Promise<void> {
    return this.#inner.release(reservation);
  }

  get(id: string): Promise<MediaNode<Registration, Load> | undefined> {
    return this.#inner.get(id);
  }

  register(...args: Parameters<NodeStore<Registration, Load>['register']>): Promise<HealthChange> {
    return this.#inner.register(...args);
  }

  report(...args: Parameters<NodeStore<Registration, Load>['report']>): Promise<HealthChange | undefined> {
    return this.#inner.report(...args);
  }

  drain(id: string, drained: boolean): Promise<HealthChange | undefined> {
    return this.#inner.drain(id, drained);
  }

  markSilent(node: MediaNode<Registration, Load>): Promise<boolean> {
    return this.#inner.markSilent(node);
  }
}
