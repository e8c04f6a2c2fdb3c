/** Where `CallAgent.join` goes. */

/** A group call of users of one resource. */
export interface GroupCallLocator {
  /** A GUID. */
  groupId: string;
}

/** A group call with a chat thread. Not supported; here for its shape. */
export interface GroupChatCallLocator {
  threadId: string;
}

export interface TeamsMeetingLinkLocator {
  meetingLink: string;
}

/** As printed in an invitation. */
export interface TeamsMeetingIdLocator {
  meetingId: string;
  passcode?: string;
}

/** What a long meeting link has in it. */
export interface TeamsMeetingCoordinatesLocator {
  threadId: string;
  organizerId: string;
  tenantId: string;
  messageId: string;
}

export interface RoomLocator {
  roomId: string;
}

export type RoomCallLocator = RoomLocator;
export type MeetingLocator = TeamsMeetingLinkLocator | TeamsMeetingIdLocator | TeamsMeetingCoordinatesLocator;
export type CallLocator = GroupLocator | MeetingLocator | RoomLocator;
export type GroupLocator = GroupCallLocator | GroupChatCallLocator;
