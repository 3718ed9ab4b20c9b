// The self view before joining: picture, level of the microphone, and what is wrong with either.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useStore } from '../app/Store.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { DeviceButton } from '../ui/DeviceButton.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Spinner } from '../ui/Spinner.tsx';
import type { DevicePreview, Devices } from './DevicePreview.ts';
import type { DeviceName } from './deviceProblem.ts';
import { LevelBar } from './LevelBar.tsx';

export interface PreviewCardProps {
  readonly preview: DevicePreview;
  readonly displayName: string;
  readonly devices: Devices;
  readonly joining: boolean;
  readonly onToggle: (device: DeviceName) => void;
}

export function PreviewCard(props: PreviewCardProps): JSX.Element {
  const { preview, displayName, devices, joining, onToggle } = props;
  const { picture, asking, problems } = useStore(preview.store);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = picture ?? null;
  }, [picture]);
  const notes = Object.values(problems);

  return (
    <section class="preview" aria-label="Your camera and microphone">
      <div class="preview-frame">
        <video
          ref={video}
          class="preview-video"
          data-testid="preview-video"
          data-live={String(picture !== undefined)}
          autoPlay
          playsInline
          muted
        />
        {picture === undefined && (
          <div class="preview-empty">
            {joining ? <Spinner /> : <Avatar displayName={displayName} />}
            <span>{emptyText({ joining, asking, devices })}</span>
          </div>
        )}
        <div class="preview-controls">
          <div class="preview-level">
            {devices.microphone && !joining && <LevelBar level={() => preview.level()} />}
          </div>
          <DeviceButton
            device="microphone"
            on={devices.microphone}
            warning={problems.microphone !== undefined}
            disabled={joining}
            onToggle={() => onToggle('microphone')}
          />
          <DeviceButton
            device="camera"
            on={devices.camera}
            warning={problems.camera !== undefined}
            disabled={joining}
            onToggle={() => onToggle('camera')}
          />
          <div class="preview-level" />
        </div>
      </div>
      <div class="preview-notes" role="status">
        {notes.map((note) => (
          <p key={note} class="preview-note" data-testid="device-note">
            <Icon name="alert" />
            <span>{note}</span>
          </p>
        ))}
      </div>
    </section>
  );
}

interface EmptyState {
  readonly joining: boolean;
  readonly asking: boolean;
  readonly devices: Devices;
}

function emptyText({ joining, asking, devices }: EmptyState): string {
  if (joining) return 'Connecting to the meeting…';
  if (asking) return 'Allow camera and microphone when your browser asks';
  return devices.camera ? 'Starting the camera…' : 'Camera is off';
}
