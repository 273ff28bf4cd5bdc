/** Windsurf (renamed Devin in newer builds): one name per server; which form its value has is not known. */
import { namesOnlyStore, stateRows } from '../names-only.ts';

export const store = namesOnlyStore({
  id: 'windsurf',
  client: 'windsurf',
  name: 'Windsurf',
  rows: ['Windsurf', 'Devin'].flatMap(stateRows),
  programs: { linux: ['windsurf', 'devin'], macos: ['Windsurf', 'Devin'], windows: ['Windsurf.exe', 'Devin.exe'] },
  signIn: {
    byHand: 'in Windsurf, open the MCP panel of Cascade, choose <server>, and sign in',
    revokes: false,
    registration: 'new',
  },
  clearing: { byHand: 'in Windsurf, open the MCP panel of Cascade, choose <server>, and disconnect it' },
});
