/** What identifies one device (wire-format 1), as plain text: the triple that the production line burns into it. */
export interface DeviceCertificate {
  readonly productKey: string;
  readonly deviceName: string;
  readonly deviceSecret: string;
}
