/**
 * The person's browser. An address goes to it as one argument, never through a shell; only http(s) addresses go at all
 * (plain http only to this machine).
 */
export interface Browser {
  /**
   * Opens an address: by `$BROWSER` when it is set, else by the system's opener. 'opened' says that a program took it, not
   * that a person sees it. 'none': no program, or a session without a screen (SSH, container).
   */
  open(address: string): Promise<'opened' | 'none' | 'refused'>;
}
