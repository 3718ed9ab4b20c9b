import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import type { MeetingClient, PictureSource } from '../../media/MeetingClient.ts';

export interface PictureOptions {
  readonly client: MeetingClient;
  readonly userId: number;
  readonly source: PictureSource;
  /** CSS pixels; 0 while it is not known. */
  readonly height: number;
}

/** Draws a participant's picture on the canvas, and asks for one that is good enough for its height. */
export function usePicture(
  canvas: RefObject<HTMLCanvasElement | null>,
  { client, userId, source, height }: PictureOptions,
): void {
  useEffect(() => {
    if (canvas.current) return client.attachVideo(userId, canvas.current, source);
    return undefined;
  }, [client, userId, source, canvas]);
  useEffect(() => {
    if (height > 0) client.setShownHeight(userId, Math.round(height * devicePixelRatio), source);
  }, [client, userId, source, height]);
}
