import type { LoginDecision, Recorder, RegistrationDecision } from "@trine/core/ports";

type Fact<Name extends keyof Recorder> = Parameters<Recorder[Name]>[0];

/** A recorder that remembers what it was told, in order. */
export interface RecordingRecorder extends Recorder {
  readonly logins: readonly LoginDecision[];
  readonly registrations: readonly RegistrationDecision[];
  readonly uplinks: readonly Fact<"uplinkDecided">[];
  readonly downlinks: readonly Fact<"downlinkChanged">[];
  /** Transport and reason of what was dropped or cut off. */
  readonly drops: readonly { readonly transport: string; readonly reason: string }[];
  readonly services: readonly Fact<"serviceAnswered">[];
  readonly clones: readonly Fact<"cloneSuspected">[];
  /** Transports of connections that began. */
  readonly openings: readonly string[];
  /** Transport and reason of connections that ended. */
  readonly closings: readonly { readonly transport: string; readonly why: string }[];
  /** One for each handshake: transport and outcome. */
  readonly handshakes: readonly { readonly transport: string; readonly outcome: string }[];
  readonly faults: readonly { readonly where: string; readonly error: unknown }[];
}

export function createRecordingRecorder(): RecordingRecorder {
  const logins: LoginDecision[] = [];
  const registrations: RegistrationDecision[] = [];
  const uplinks: Fact<"uplinkDecided">[] = [];
  const downlinks: Fact<"downlinkChanged">[] = [];
  const drops: { transport: string; reason: string }[] = [];
  const services: Fact<"serviceAnswered">[] = [];
  const clones: Fact<"cloneSuspected">[] = [];
  const openings: string[] = [];
  const closings: { transport: string; why: string }[] = [];
  const handshakes: { transport: string; outcome: string }[] = [];
  const faults: { where: string; error: unknown }[] = [];
  return {
    logins,
    registrations,
    uplinks,
    downlinks,
    drops,
    services,
    clones,
    openings,
    closings,
    handshakes,
    faults,
    loginDecided: (decision) => void logins.push(decision),
    registrationDecided: (decision) => void registrations.push(decision),
    uplinkDecided: (fact) => void uplinks.push(fact),
    downlinkChanged: (fact) => void downlinks.push(fact),
    serviceAnswered: (fact) => void services.push(fact),
    connectionOpened: (transport) => void openings.push(transport),
    connectionClosed: (transport, why) => void closings.push({ transport, why }),
    dropped(transport, reason, times = 1) {
      for (let count = 0; count < times; count += 1) drops.push({ transport, reason });
    },
    handshakesDecided({ transport, outcome, times }) {
      for (let count = 0; count < times; count += 1) handshakes.push({ transport, outcome });
    },
    nodeLost: () => undefined,
    timelineDropped: () => undefined,
    cloneSuspected: (fact) => void clones.push(fact),
    fault: (where, error) => void faults.push({ where, error }),
  };
}
