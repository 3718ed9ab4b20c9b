// Typed entry to the generated control plane module: between protobuf bytes and the JSON shape that shared/api/node.ts
// validates (proto field names, enum names as strings). Decoding answers instead of throwing (ledger MH-10).
import '../base/plainNumbers.ts';
import { err, ok, type Result } from '../base/result.ts';
import { darktower } from './generated/control-plane.js';

export const controlPlane: typeof darktower.controlplane = darktower.controlplane;

const MESSAGES = {
  RegisterMediaHandler: controlPlane.RegisterMediaHandler,
  MediaHandlerLoadReport: controlPlane.MediaHandlerLoadReport,
  RegisterMeetingController: controlPlane.RegisterMeetingController,
  Heartbeat: controlPlane.Heartbeat,
  NodeAnswer: controlPlane.NodeAnswer,
  AssignMeeting: controlPlane.AssignMeeting,
  AssignMeetingAnswer: controlPlane.AssignMeetingAnswer,
  RequestMhReplacement: controlPlane.RequestMhReplacement,
  MhReplacement: controlPlane.MhReplacement,
  MeetingPresence: controlPlane.MeetingPresence,
  PresenceAnswer: controlPlane.PresenceAnswer,
  EndedMeeting: controlPlane.EndedMeeting,
  HostMuteNotice: controlPlane.HostMuteNotice,
  HostMuteAnswer: controlPlane.HostMuteAnswer,
  UpdateMeetingConfig: controlPlane.UpdateMeetingConfig,
  UpdateMeetingConfigAnswer: controlPlane.UpdateMeetingConfigAnswer,
  EndMeeting: controlPlane.EndMeeting,
  EndMeetingAnswer: controlPlane.EndMeetingAnswer,
  RemoveParticipant: controlPlane.RemoveParticipant,
  RemoveParticipantAnswer: controlPlane.RemoveParticipantAnswer,
  ListParticipants: controlPlane.ListParticipants,
  ListParticipantsAnswer: controlPlane.ListParticipantsAnswer,
};
export type NodeMessageName = keyof typeof MESSAGES;

/** What every generated class can do; each one's own types are narrower. */
interface Codec {
  fromObject(body: object): object;
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: { defaults: boolean; enums: typeof String }): Record<string, unknown>;
}

/** Bytes of a body that its schema in shared/api/node.ts has passed. */
export function encodeNodeMessage(name: NodeMessageName, body: object): Uint8Array<ArrayBuffer> {
  const codec = MESSAGES[name] as unknown as Codec;
  return new Uint8Array(codec.encode(codec.fromObject(body)).finish());
}

/**
 * The body for its schema to check. A field that is not on the wire has its default (proto3 sends no zeros), except
 * `optional` ones, which stay absent, and messages, which are null; an enum number without a name stays a number.
 */
export function decodeNodeMessage(name: NodeMessageName, bytes: Uint8Array): Result<Record<string, unknown>> {
  const codec = MESSAGES[name] as unknown as Codec;
  try {
    return ok(codec.toObject(codec.decode(bytes), { defaults: true, enums: String }));
  } catch (error) {
    return err(`Not a ${name} message: ${String(error)}`);
  }
}
