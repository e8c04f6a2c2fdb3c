/** The handful of icons that Fluent's own controls draw; without them it would ask Microsoft's servers for a font. */

import { registerIcons } from '@fluentui/react';
import {
  CheckmarkRegular,
  ChevronDownRegular,
  ChevronLeftRegular,
  ChevronRightRegular,
  ChevronUpRegular,
  DismissCircleRegular,
  DismissRegular,
  EditRegular,
  ErrorCircleRegular,
  InfoRegular,
  LinkRegular,
  MoreHorizontalRegular,
  PeopleRegular,
  PersonRegular,
  SearchRegular,
  WarningRegular,
} from '@fluentui/react-icons';

export function registerLocalIcons(): void {
  registerIcons({
    icons: {
      accept: <CheckmarkRegular />,
      cancel: <DismissRegular />,
      checkmark: <CheckmarkRegular />,
      chevrondown: <ChevronDownRegular />,
      chevronleft: <ChevronLeftRegular />,
      chevronright: <ChevronRightRegular />,
      chevronup: <ChevronUpRegular />,
      clear: <DismissRegular />,
      contact: <PersonRegular />,
      down: <ChevronDownRegular />,
      edit: <EditRegular />,
      error: <ErrorCircleRegular />,
      errorbadge: <DismissCircleRegular />,
      info: <InfoRegular />,
      link: <LinkRegular />,
      more: <MoreHorizontalRegular />,
      people: <PeopleRegular />,
      search: <SearchRegular />,
      warning: <WarningRegular />,
    },
  });
}
