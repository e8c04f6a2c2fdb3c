/** Pictures of the reactions, without which the library has no button for them: each one frame, drawn with the system's font. */

import type { ReactionResources } from '@azure/communication-react';

const SIZE = 84;

function picture(symbol: string) {
  const text = `<text x="50%" y="54%" font-size="60" text-anchor="middle" dominant-baseline="middle">${symbol}</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE}" height="${SIZE}">${text}</svg>`;
  return { url: `data:image/svg+xml,${encodeURIComponent(svg)}`, frameCount: 1 };
}

export const reactionResources: ReactionResources = {
  likeReaction: picture('👍'),
  heartReaction: picture('❤️'),
  laughReaction: picture('😄'),
  applauseReaction: picture('👏'),
  surprisedReaction: picture('😮'),
};
