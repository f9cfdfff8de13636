CREATE TABLE "file_slices" (
	"upload_id" text collate "C" NOT NULL,
	"position" bigint NOT NULL,
	"bytes" "bytea" NOT NULL,
	CONSTRAINT "file_slices_pk" PRIMARY KEY("upload_id","position")
);
--> statement-breakpoint
CREATE TABLE "file_uploads" (
	"upload_id" text collate "C" NOT NULL,
	"product_key" text collate "C" NOT NULL,
	"device_name" text collate "C" NOT NULL,
	"file_name" text collate "C" NOT NULL,
	"file_size" bigint NOT NULL,
	"strategy" text NOT NULL,
	"expected_crc" text,
	"init_uid" text,
	"received" bigint NOT NULL,
	"crc" text NOT NULL,
	"touched_at_ms" bigint NOT NULL,
	"finished_at_ms" bigint,
	CONSTRAINT "file_uploads_pk" PRIMARY KEY("upload_id")
);
--> statement-breakpoint
ALTER TABLE "file_slices" ADD CONSTRAINT "file_slices_upload_id_file_uploads_upload_id_fk" FOREIGN KEY ("upload_id") REFERENCES "public"."file_uploads"("upload_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "file_uploads" ADD CONSTRAINT "file_uploads_device_fk" FOREIGN KEY ("product_key","device_name") REFERENCES "public"."devices"("product_key","device_name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "file_uploads_of_device" ON "file_uploads" USING btree ("product_key","device_name","file_name");--> statement-breakpoint
CREATE INDEX "file_uploads_by_touch" ON "file_uploads" USING btree ("touched_at_ms");