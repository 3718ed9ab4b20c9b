// What this browser remembers of its user between meetings.

export interface Preferences {
  readonly displayName: string;
  readonly microphone: boolean;
  readonly camera: boolean;
}

export interface PreferenceStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

const KEY = 'dark-tower.preferences';
export const DEFAULT_PREFERENCES: Preferences = { displayName: '', microphone: true, camera: true };

/** Never throws: storage may be switched off, and what is in it may be anything. */
export function loadPreferences(storage: PreferenceStorage | undefined): Preferences {
  try {
    const stored: unknown = JSON.parse(storage?.getItem(KEY) ?? 'null');
    if (typeof stored !== 'object' || stored === null) return DEFAULT_PREFERENCES;
    const { displayName, microphone, camera } = stored as Record<keyof Preferences, unknown>;
    return {
      displayName: typeof displayName === 'string' ? displayName : DEFAULT_PREFERENCES.displayName,
      microphone: typeof microphone === 'boolean' ? microphone : DEFAULT_PREFERENCES.microphone,
      camera: typeof camera === 'boolean' ? camera : DEFAULT_PREFERENCES.camera,
    };
  } catch {
    // Storage refused or holds no JSON: the defaults are as good as a first visit.
    return DEFAULT_PREFERENCES;
  }
}

export function savePreferences(storage: PreferenceStorage | undefined, preferences: Preferences): void {
  try {
    storage?.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // Storage full or switched off: the next visit asks again, nothing else is lost.
  }
}

/** What the browser keeps for this page; undefined where it keeps nothing. */
export function pageStorage(): PreferenceStorage | undefined {
  try {
    return window.localStorage;
  } catch {
    // Reading the property itself throws where the browser refuses storage.
    return undefined;
  }
}
