/** Ids of devices: the kind, a colon, the browser's id. Before there is permission, the browser has none. */

export type IdKind = 'camera' | 'microphone' | 'speaker';

/** @param index of its kind, for those without an id */
export function idOf(kind: IdKind, deviceId: string, index: number): string {
  return `${kind}:${deviceId || (index === 0 ? '' : `#${index}`)}`;
}

/** The browser's id; empty where it has none, which means any device. */
export function deviceIdOf(id: string): string {
  const deviceId = id.slice(id.indexOf(':') + 1);
  return deviceId.startsWith('#') ? '' : deviceId;
}
