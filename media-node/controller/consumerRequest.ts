import type { Delivery } from '../../shared/media-session/delivery.ts';
import type { ConsumerRequest } from './MediaPlane.ts';

/** What the media handler is asked for, for a subscription. A delivery is named where it is not the usual one. */
export function consumerRequest(
  transportId: string,
  producerId: string,
  delivery: Delivery,
): ConsumerRequest {
  return {
    transport_id: transportId,
    producer_id: producerId,
    ...(delivery !== 'publishers_choice' && { delivery }),
  };
}
