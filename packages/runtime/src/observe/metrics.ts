import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Every metric of a process, by purpose. Labels are bounded: never a device, an address or a topic. */
export function createMetrics(service: string) {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    logins: new Counter({
      name: "trine_logins_total",
      help: "Decided logins",
      labelNames: ["transport", "code"],
      registers,
    }),
    loginSeconds: new Histogram({
      name: "trine_login_seconds",
      help: "Time to decide a login",
      labelNames: ["transport"],
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    registrations: new Counter({
      name: "trine_registrations_total",
      help: "Decided registrations of devices by themselves",
      labelNames: ["transport", "code"],
      registers,
    }),
    activations: new Counter({
      name: "trine_activations_total",
      help: "First successful logins",
      labelNames: ["transport"],
      registers,
    }),
    connections: new Gauge({
      name: "trine_connections",
      help: "Open device connections",
      labelNames: ["transport"],
      registers,
    }),
    disconnects: new Counter({
      name: "trine_disconnects_total",
      help: "Ended device connections",
      labelNames: ["transport", "why"],
      registers,
    }),
    uplink: new Counter({
      name: "trine_uplink_messages_total",
      help: "Messages from devices, by outcome",
      labelNames: ["transport", "qos", "code"],
      registers,
    }),
    uplinkBytes: new Counter({
      name: "trine_uplink_bytes_total",
      help: "Payload bytes from devices that were stored",
      labelNames: ["transport"],
      registers,
    }),
    uplinkSeconds: new Histogram({
      name: "trine_uplink_seconds",
      help: "Time until a message is durable",
      labelNames: ["transport"],
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    serviceAnswers: new Counter({
      name: "trine_service_answers_total",
      help: "Answers of device services, by their own codes",
      labelNames: ["service", "code"],
      registers,
    }),
    serviceSeconds: new Histogram({
      name: "trine_service_seconds",
      help: "Time that a device service takes for a message",
      labelNames: ["service"],
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    uplinkLag: new Gauge({
      name: "trine_uplink_group_lag",
      help: "Messages that a consumer group has not acknowledged",
      labelNames: ["group"],
      registers,
    }),
    uplinkUsed: new Gauge({
      name: "trine_uplink_used_ratio",
      help: "Bytes of the uplink log, as a part of the most that it may hold",
      registers,
    }),
    uplinkOldestUnread: new Gauge({
      name: "trine_uplink_oldest_unread_seconds",
      help: "Age of the oldest message that a consumer group has not acknowledged",
      labelNames: ["group"],
      registers,
    }),
    uplinkDropSoon: new Gauge({
      name: "trine_uplink_unread_drop_soon",
      help: "Whether messages that a consumer group has not acknowledged are about to leave the log",
      labelNames: ["group"],
      registers,
    }),
    uplinkDropped: new Counter({
      name: "trine_uplink_dropped_total",
      help: "Messages that left the log by age or size",
      labelNames: ["read"],
      registers,
    }),
    downlink: new Counter({
      name: "trine_downlink_messages_total",
      help: "State changes of messages to devices",
      labelNames: ["state"],
      registers,
    }),
    subscriptionMessages: new Counter({
      name: "trine_subscription_messages_total",
      help: "Messages that were sent to subscribed applications, and what became of them",
      labelNames: ["outcome"],
      registers,
    }),
    dropped: new Counter({
      name: "trine_device_drops_total",
      help: "What devices sent and the gateway did not take",
      labelNames: ["transport", "reason"],
      registers,
    }),
    handshakes: new Counter({
      name: "trine_handshakes_total",
      help: "Handshakes of secured channels, by outcome",
      labelNames: ["transport", "outcome"],
      registers,
    }),
    lostNodeDevices: new Counter({
      name: "trine_lost_node_devices_total",
      help: "Devices that became offline because their node lost its lease",
      registers,
    }),
    budgetUsed: new Gauge({
      name: "trine_budget_used_ratio",
      help: "What the process uses of what it may run out of",
      labelNames: ["resource"],
      registers,
    }),
    shed: new Counter({
      name: "trine_shed_total",
      help: "What was refused or closed because the process was full",
      labelNames: ["what"],
      registers,
    }),
    clonesSuspected: new Counter({
      name: "trine_clones_suspected_total",
      help: "Times that several devices seemed to use one certificate",
      labelNames: ["transport"],
      registers,
    }),
    ingressRefused: new Counter({
      name: "trine_ingress_refused_total",
      help: "TCP connections that were closed before they were known for what they are",
      labelNames: ["why"],
      registers,
    }),
    ingressWaiting: new Gauge({
      name: "trine_ingress_waiting",
      help: "TCP connections of which it is not known yet what they speak",
      registers,
    }),
    tlsHandshakes: new Counter({
      name: "trine_tls_handshakes_total",
      help: "TLS handshakes, by outcome",
      labelNames: ["outcome"],
      registers,
    }),
    tlsHandshakesInFlight: new Gauge({
      name: "trine_tls_handshakes_in_flight",
      help: "TLS handshakes that have begun and not ended",
      registers,
    }),
    tlsSessions: new Counter({
      name: "trine_tls_sessions_total",
      help: "TLS sessions, by what was agreed on",
      labelNames: ["version", "suite"],
      registers,
    }),
    tlsCertificateExpiry: new Gauge({
      name: "trine_tls_certificate_expiry_seconds",
      help: "When the certificate of the device ports ends, in seconds since 1970",
      registers,
    }),
    x509Ending: new Gauge({
      name: "trine_x509_certificates_ending",
      help: "Certificates of devices that end within so many days and that no other one follows; 0 is: have ended",
      labelNames: ["days"],
      registers,
    }),
    timelineDropped: new Counter({
      name: "trine_timeline_dropped_total",
      help: "Events that did not get into the timelines of devices",
      registers,
    }),
    faults: new Counter({
      name: "trine_faults_total",
      help: "Outages and bugs, by place",
      labelNames: ["where"],
      registers,
    }),
    storeUp: new Gauge({ name: "trine_store_up", help: "Whether a store answers", labelNames: ["store"], registers }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
