// Checks of what a participant says about a stream that it publishes (ledger MH-10).
import { type ColorSpace, type StreamInfo, signaling } from '../../shared/signaling/messages.ts';
import { SignalingError } from './SignalingError.ts';

const { MediaKind, MediaSource } = signaling;
/** WebCodecs codec strings: "vp8", "vp09.00.10.08", "opus", "avc1.42E01F". */
const CODEC_PATTERN = /^[A-Za-z0-9.=_-]{1,40}$/;
const MAX_SPATIAL_LAYER = 2;

/** Largest value of the figures that are only passed on. */
const MAX_FIGURES = {
  width: 16_384,
  height: 16_384,
  framesPerSecond: 1_000,
  bitrateBps: 1_000_000_000,
  sampleRateHz: 768_000,
  channels: 64,
} as const;
const FIGURES = Object.keys(MAX_FIGURES) as (keyof typeof MAX_FIGURES)[];

/** Largest code point of ITU-T H.273; the codes are passed on without a look at what they mean. */
const MAX_COLOR_CODE = 255;
const COLOR_CODES = ['primaries', 'transfer', 'matrix'] as const;

export type StreamSettings = Omit<Required<StreamInfo>, 'userId' | 'streamId' | '$unknowns'>;

/**
 * The settings with every field present (colorSpace null when it is not said); ids are left out, as the controller gives them.
 * @throws SignalingError INVALID_REQUEST naming the field, its rule and its value.
 */
export function readStreamSettings(info: StreamInfo | null | undefined): StreamSettings {
  if (!info) throw SignalingError.invalid('Stream info is missing');
  const kind = info.kind ?? MediaKind.AUDIO;
  if (kind !== MediaKind.AUDIO && kind !== MediaKind.VIDEO)
    throw SignalingError.invalid(`Stream kind must be AUDIO or VIDEO: got ${kind}`);
  const source = info.source ?? MediaSource.MICROPHONE;
  if (MediaSource[source] === undefined)
    throw SignalingError.invalid(`Stream source is not known: got ${source}`);
  const codec = info.codec ?? '';
  if (!CODEC_PATTERN.test(codec))
    throw SignalingError.invalid('Stream codec must be 1 to 40 characters of A-Z a-z 0-9 . = _ -');
  const spatialLayer = info.spatialLayer ?? 0;
  if (spatialLayer > MAX_SPATIAL_LAYER)
    throw SignalingError.invalid(`Stream layer must be 0 to ${MAX_SPATIAL_LAYER}: got ${spatialLayer}`);
  const figures = { width: 0, height: 0, framesPerSecond: 0, bitrateBps: 0, sampleRateHz: 0, channels: 0 };
  for (const name of FIGURES) {
    const value = info[name] ?? 0;
    if (value > MAX_FIGURES[name])
      throw SignalingError.invalid(`Stream ${name} must be at most ${MAX_FIGURES[name]}: got ${value}`);
    figures[name] = value;
  }
  return { kind, source, codec, spatialLayer, ...figures, colorSpace: readColorSpace(info.colorSpace) };
}

function readColorSpace(said: ColorSpace | null | undefined): ColorSpace | null {
  if (!said) return null;
  const codes = { primaries: 0, transfer: 0, matrix: 0 };
  for (const name of COLOR_CODES) {
    const code = said[name] ?? 0;
    if (code > MAX_COLOR_CODE)
      throw SignalingError.invalid(`Stream color ${name} must be at most ${MAX_COLOR_CODE}: got ${code}`);
    codes[name] = code;
  }
  return { ...codes, fullRange: said.fullRange ?? false };
}
