import type { FuzzTarget } from "./fuzz-target.ts";
import { alinkReplies } from "./targets/alink.ts";
import { amqpFrames, amqpUsername } from "./targets/amqp.ts";
import { proxyHeaders, requestHeads, tlsFlights, x509Certificates } from "./targets/channel-bytes.ts";
import { cloudForms } from "./targets/cloud-forms.ts";
import { coapBlocks, coapDatagrams, coapNumbers } from "./targets/coap-datagrams.ts";
import { masterKeys, names, pskIdentities, sealedPayloads, sealedSecrets } from "./targets/core-texts.ts";
import { byteRanges, downloadLinks } from "./targets/downloads.ts";
import { dtlsFront } from "./targets/dtls-front.ts";
import { dtlsPeers } from "./targets/dtls-peers.ts";
import { dtlsFragments, dtlsRecords } from "./targets/dtls-records.ts";
import { coapCborLogin, coapJsonLogin, httpLogin } from "./targets/login-bodies.ts";
import { mqttConnect, mqttIdentifier } from "./targets/mqtt-connect.ts";
import { mqttFrames } from "./targets/mqtt-frames.ts";
import { batchCsv, storableTexts } from "./targets/operator-input.ts";
import { otaMessages } from "./targets/ota.ts";
import { coapRegistration, httpRegistration, mqttRegistration } from "./targets/registrations.ts";
import { doubledCommas, shadowRequests } from "./targets/shadow-requests.ts";
import { configAndLogs, diagnosisAndFound, fileSlices } from "./targets/small-services.ts";
import { controlMessages, listCursors, storeUrls, uplinkIds } from "./targets/stored-texts.ts";
import { subLogins } from "./targets/sub-logins.ts";
import { modelAnswers, modelPosts } from "./targets/thing-model.ts";
import { topicClasses, topicFilters, topicPolicy } from "./targets/topics.ts";

/** Everything that takes bytes of strangers. The number of a case says which of them it is for, so their order is part of a repeat. */
export const TARGETS: readonly FuzzTarget[] = [
  mqttConnect,
  mqttIdentifier,
  mqttFrames,
  topicPolicy,
  topicFilters,
  topicClasses,
  coapDatagrams,
  coapBlocks,
  coapNumbers,
  coapJsonLogin,
  coapCborLogin,
  httpLogin,
  names,
  pskIdentities,
  sealedSecrets,
  masterKeys,
  sealedPayloads,
  alinkReplies,
  batchCsv,
  storableTexts,
  listCursors,
  uplinkIds,
  controlMessages,
  storeUrls,
  proxyHeaders,
  tlsFlights,
  requestHeads,
  x509Certificates,
  dtlsRecords,
  dtlsFragments,
  dtlsFront,
  dtlsPeers,
  cloudForms,
  downloadLinks,
  byteRanges,
  httpRegistration,
  coapRegistration,
  mqttRegistration,
  amqpUsername,
  amqpFrames,
  modelPosts,
  modelAnswers,
  configAndLogs,
  shadowRequests,
  doubledCommas,
  fileSlices,
  otaMessages,
  diagnosisAndFound,
  subLogins,
];
