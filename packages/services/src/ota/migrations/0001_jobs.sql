CREATE TABLE "ota_firmware" (
	"firmware_id" text collate "C" PRIMARY KEY NOT NULL,
	"product_key" text collate "C" NOT NULL,
	"module" text collate "C" NOT NULL,
	"version" text collate "C" NOT NULL,
	"state" text NOT NULL,
	"size" bigint,
	"md5" text,
	"sha256" text,
	"created_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ota_jobs" (
	"job_id" text collate "C" PRIMARY KEY NOT NULL,
	"product_key" text collate "C" NOT NULL,
	"firmware_id" text collate "C" NOT NULL,
	"module" text collate "C" NOT NULL,
	"version" text collate "C" NOT NULL,
	"filter" jsonb NOT NULL,
	"is_pushed" boolean NOT NULL,
	"rate_per_minute" integer NOT NULL,
	"timeout_ms" bigint NOT NULL,
	"retries" integer NOT NULL,
	"stop_at_percent" integer,
	"stop_after" integer NOT NULL,
	"state" text NOT NULL,
	"why" text,
	"planned_up_to" text collate "C",
	"busy" integer DEFAULT 0 NOT NULL,
	"recent_done" integer DEFAULT 0 NOT NULL,
	"recent_failed" integer DEFAULT 0 NOT NULL,
	"pace_at_ms" bigint DEFAULT 0 NOT NULL,
	"next_at_ms" bigint,
	"created_at_ms" bigint NOT NULL,
	"created_by" text NOT NULL,
	"ended_at_ms" bigint
);
--> statement-breakpoint
CREATE TABLE "ota_targets" (
	"job_id" text collate "C" NOT NULL,
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"module" text collate "C" NOT NULL,
	"version" text collate "C" NOT NULL,
	"state" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at_ms" bigint NOT NULL,
	"step" integer,
	"reason" text,
	"detail" text,
	"changed_at_ms" bigint NOT NULL,
	CONSTRAINT "ota_targets_pk" PRIMARY KEY("job_id","device_name")
);
--> statement-breakpoint
ALTER TABLE "ota_jobs" ADD CONSTRAINT "ota_jobs_product_key_products_product_key_fk" FOREIGN KEY ("product_key") REFERENCES "public"."products"("product_key") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ota_targets" ADD CONSTRAINT "ota_targets_job_id_ota_jobs_job_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."ota_jobs"("job_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ota_targets" ADD CONSTRAINT "ota_targets_device_fk" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "ota_firmware_version" ON "ota_firmware" USING btree ("product_key","module","version") WHERE "ota_firmware"."state" = 'kept';--> statement-breakpoint
CREATE INDEX "ota_firmware_product" ON "ota_firmware" USING btree ("product_key","created_at_ms","firmware_id");--> statement-breakpoint
CREATE INDEX "ota_jobs_next" ON "ota_jobs" USING btree ("next_at_ms") WHERE "ota_jobs"."next_at_ms" is not null;--> statement-breakpoint
CREATE INDEX "ota_jobs_created" ON "ota_jobs" USING btree ("created_at_ms","job_id");--> statement-breakpoint
CREATE INDEX "ota_jobs_product" ON "ota_jobs" USING btree ("product_key","created_at_ms","job_id");--> statement-breakpoint
CREATE UNIQUE INDEX "ota_targets_open" ON "ota_targets" USING btree ("product_key","device_name","module") WHERE "ota_targets"."state" in ('queued', 'sending', 'offered', 'updating');--> statement-breakpoint
CREATE INDEX "ota_targets_device" ON "ota_targets" USING btree ("product_key","device_name","changed_at_ms");--> statement-breakpoint
CREATE INDEX "ota_targets_due" ON "ota_targets" USING btree ("job_id","state","due_at_ms","device_name");