// Figures of a tile as a person reads them. What is not known is a dash, never a zero.
import type { TileStats } from '../../media/MeetingClient.ts';

export const UNKNOWN = '–';

export interface StatLine {
  readonly label: string;
  readonly value: string;
}

export function formatBitrate(bitrateBps: number | undefined): string {
  if (!isKnown(bitrateBps)) return UNKNOWN;
  if (bitrateBps >= 999_500) return `${(bitrateBps / 1_000_000).toFixed(1)} Mbit/s`;
  return `${Math.round(bitrateBps / 1_000)} kbit/s`;
}

/** `ratio` from 0 to 1. A loss too small to show with one digit is still not "0 %". */
export function formatRatio(ratio: number | undefined): string {
  if (!isKnown(ratio)) return UNKNOWN;
  const percent = ratio * 100;
  if (percent > 0 && percent < 0.05) return '< 0.1 %';
  return `${percent.toFixed(percent === 0 || percent >= 10 ? 0 : 1)} %`;
}

export function formatMillis(millis: number | undefined): string {
  if (!isKnown(millis)) return UNKNOWN;
  if (millis > 0 && millis < 0.95) return '< 1 ms';
  return `${Math.round(millis)} ms`;
}

export function formatFrameRate(framesPerSecond: number | undefined): string {
  return isKnown(framesPerSecond) ? `${Math.round(framesPerSecond)} fps` : UNKNOWN;
}

export function formatResolution(width: number | undefined, height: number | undefined): string {
  return isKnown(width) && isKnown(height) && width > 0 && height > 0 ? `${width} × ${height}` : UNKNOWN;
}

/** Most wanted first: a small tile shows only the beginning. */
export function statLines(stats: TileStats): readonly StatLine[] {
  return [
    { label: 'Video', value: formatBitrate(stats.videoBitrateBps) },
    { label: 'Audio', value: formatBitrate(stats.audioBitrateBps) },
    { label: 'Loss', value: formatRatio(stats.lossRatio) },
    { label: 'Round trip', value: formatMillis(stats.roundTripMs) },
    { label: 'Frames', value: formatFrameRate(stats.framesPerSecond) },
    { label: 'Picture', value: formatResolution(stats.width, stats.height) },
    { label: 'Buffer', value: formatMillis(stats.jitterBufferMs) },
    { label: 'Codec', value: stats.codec?.toUpperCase() ?? UNKNOWN },
    ...(stats.layers === undefined ? [] : [{ label: 'Layers', value: formatLayers(stats) }]),
  ];
}

/** "2 of 3", and why when it is for want of power: those that nobody watches are left out as well. */
function formatLayers({ layers, allLayers, isOverloaded }: TileStats): string {
  return `${layers} of ${allLayers}${isOverloaded ? ' (busy)' : ''}`;
}

function isKnown(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}
