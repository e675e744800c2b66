import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';

/** The network that the sandboxes share; this process has its first address. */
export const network = {
  own: '10.89.0.1',
  /** @param index 0, 1, 2 … */
  address: (index: number) => `10.89.0.${10 + index}`,
};

/** Makes the network: a bridge in this process's own network namespace. */
export function makeNetwork(): void {
  ip('link', 'set', 'lo', 'up');
  ip('link', 'add', 'bridge0', 'type', 'bridge');
  ip('address', 'add', `${network.own}/24`, 'dev', 'bridge0');
  ip('link', 'set', 'bridge0', 'up');
}

const ip = (...args: string[]) => execFileSync('ip', args);

export interface SandboxOptions {
  /** Its name for itself. */
  hostname: string;
  address: string;
  /** The folder that is its root. */
  root: string;
  uid: number;
  workingFolder: string;
}

/** A network and a root of its own, for the processes of a container. They run as its user, without any right. */
export class Sandbox {
  private constructor(
    private readonly options: SandboxOptions,
    /** Holds the namespaces. */
    private readonly holder: ChildProcess,
  ) {}

  static async make(options: SandboxOptions): Promise<Sandbox> {
    const { hostname, address } = options;
    const script = 'hostname "$0"; ip link set lo up; echo made; exec sleep infinity';
    const holder = spawn('unshare', ['--net', '--uts', 'sh', '-euc', script, hostname], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    await once(holder.stdout!, 'data');
    const pid = String(holder.pid);
    const outer = `veth${address.split('.').at(-1)}`;
    ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid);
    ip('link', 'set', outer, 'master', 'bridge0', 'up');
    const inside = ['--target', pid, '--net', 'ip'];
    execFileSync('nsenter', [...inside, 'address', 'add', `${address}/24`, 'dev', 'eth0']);
    execFileSync('nsenter', [...inside, 'link', 'set', 'eth0', 'up']);
    return new Sandbox(options, holder);
  }

  /** Starts a program inside. The process has the returned id: none is in between. */
  spawn(command: readonly string[], env: Record<string, string>, stdio: SpawnOptions['stdio']): ChildProcess {
    const { uid, root, workingFolder } = this.options;
    const user = [`--map-user=${uid}`, `--map-group=${uid}`];
    const chain = ['--target', String(this.holder.pid), '--net', '--uts', 'unshare', '--user', ...user];
    // In a session of its own, which Ctrl-C does not reach.
    return spawn('nsenter', [...chain, `--root=${root}`, `--wd=${workingFolder}`, '--', ...command], {
      env,
      stdio,
      detached: true,
    });
  }

  /** Ends the network; the processes inside must have ended. */
  async remove(): Promise<void> {
    const ended = once(this.holder, 'exit');
    if (this.holder.kill('SIGKILL')) await ended;
  }
}
