/** The page: a form for name and meeting link, then Microsoft's composite for everything else. */

import { useMemo, useState } from 'react';
import type { FormEvent } from 'react';
import { CallWithChatComposite, useAzureCommunicationCallWithChatAdapter } from '@azure/communication-react';
import type { CallWithChatCompositeOptions } from '@azure/communication-react';

import { reactionResources } from './reactions.js';
import type { Session } from './session.js';

interface Visit {
  displayName: string;
  meetingLink: string;
}

const compositeOptions: CallWithChatCompositeOptions = {
  callControls: { raiseHandButton: true, screenShareButton: true },
};

const callAdapterOptions = { reactionResources };

export function App({ session }: { session: Session }) {
  const [visit, setVisit] = useState<Visit>();
  return visit ? <Meeting session={session} visit={visit} /> : <Door session={session} onEnter={setVisit} />;
}

/** `?link=…` fills in the meeting, `?name=…` the name. */
function Door({ session, onEnter }: { session: Session; onEnter: (visit: Visit) => void }) {
  const asked = new URLSearchParams(location.search);
  function enter(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    onEnter({ displayName: `${fields.get('name')}`.trim(), meetingLink: `${fields.get('link')}`.trim() });
  }
  return (
    <form className="door" onSubmit={enter}>
      <h1>Join a meeting</h1>
      <label>
        Your name
        <input name="name" required maxLength={256} defaultValue={asked.get('name') ?? ''} autoComplete="name" />
      </label>
      <label>
        Meeting link
        <input name="link" required type="url" defaultValue={asked.get('link') ?? session.meetingLink} />
      </label>
      <button type="submit">Continue</button>
    </form>
  );
}

function Meeting({ session, visit }: { session: Session; visit: Visit }) {
  const { userId, credential, endpoint } = session;
  const { displayName, meetingLink } = visit;
  const locator = useMemo(() => ({ meetingLink }), [meetingLink]);
  const adapter = useAzureCommunicationCallWithChatAdapter({
    userId,
    credential,
    endpoint,
    displayName,
    locator,
    callAdapterOptions,
  });
  if (!adapter) return <p className="door">One moment…</p>;
  return (
    <div className="meeting">
      <CallWithChatComposite adapter={adapter} options={compositeOptions} />
    </div>
  );
}
