DROP INDEX "x509_certificates_end";--> statement-breakpoint
CREATE INDEX "x509_certificates_end" ON "x509_certificates" USING btree ("not_after_ms");