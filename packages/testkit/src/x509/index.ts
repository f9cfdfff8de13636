export { type CertificateWishes, createTestCa, type TestCa, type TestCertificate } from "./create-test-ca.ts";
