/** Signs in and draws the page. */

import { createRoot } from 'react-dom/client';

import { App } from './app.js';
import { registerLocalIcons } from './icons.js';
import { openSession } from './session.js';
import './page.css';

registerLocalIcons();
const root = createRoot(document.getElementById('app') as HTMLElement);
openSession().then(
  (session) => root.render(<App session={session} />),
  (error: unknown) => root.render(<p className="door">This did not work: {`${error}`}</p>),
);
