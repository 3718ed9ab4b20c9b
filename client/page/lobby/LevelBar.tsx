import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

const SEGMENTS = 5;

export interface LevelBarProps {
  /** Level now, 0 to 1; asked for once a frame. */
  readonly level: () => number;
}

/** Small bars that dance with the microphone. Drawn without rendering: it changes at every frame. */
export function LevelBar({ level }: LevelBarProps): JSX.Element {
  const bar = useRef<HTMLDivElement>(null);
  // The newest function, without starting the animation again when the parent renders.
  const read = useRef(level);
  read.current = level;
  useEffect(() => {
    let frame = requestAnimationFrame(function draw() {
      bar.current?.style.setProperty('--level', read.current().toFixed(2));
      frame = requestAnimationFrame(draw);
    });
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    <div ref={bar} class="level-bar" data-testid="level-bar" aria-hidden="true">
      {Array.from({ length: SEGMENTS }, (_, index) => (
        <span key={index} class={`level-segment level-segment-${index}`} />
      ))}
    </div>
  );
}
