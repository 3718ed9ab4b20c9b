// How a source of pictures is captured, layered and encoded: a camera's motion, or a screen's text.
import { CAMERA_FRAMES_PER_SECOND, CAMERA_HEIGHT, CAMERA_WIDTH } from '../capture/devices.ts';
import { SCREEN_FRAMES_PER_SECOND, SCREEN_HEIGHT, SCREEN_WIDTH } from '../capture/screen.ts';
import { CAMERA_LAYERS, type LayerPlan, SCREEN_LAYERS } from './layerSizes.ts';

export interface VideoProfile {
  /** Larger pictures are sent smaller. */
  readonly maxWidth: number;
  readonly maxHeight: number;
  readonly framesPerSecond: number;
  readonly layers: LayerPlan;
  /** What the encoder is told of the pictures (W3C webcodecs, VideoEncoderConfig): `detail` keeps text sharp. */
  readonly contentHint: 'detail' | undefined;
  /** Whether a layer is given up when the machine is too slow for all of them; frames are skipped otherwise. */
  readonly givesUpLayers: boolean;
  /**
   * A picture that stands still is encoded again after so long, ms. Without it a screen that nobody touches sends nothing: no
   * key frame for who comes late, and nothing that shows that the frame before was lost.
   */
  readonly repeatAfterMs: number | undefined;
}

export const CAMERA_PROFILE: VideoProfile = {
  maxWidth: CAMERA_WIDTH,
  maxHeight: CAMERA_HEIGHT,
  framesPerSecond: CAMERA_FRAMES_PER_SECOND,
  layers: CAMERA_LAYERS,
  contentHint: undefined,
  givesUpLayers: true,
  repeatAfterMs: undefined,
};

export const SCREEN_PROFILE: VideoProfile = {
  maxWidth: SCREEN_WIDTH,
  maxHeight: SCREEN_HEIGHT,
  framesPerSecond: SCREEN_FRAMES_PER_SECOND,
  layers: SCREEN_LAYERS,
  contentHint: 'detail',
  givesUpLayers: false,
  repeatAfterMs: 200,
};
