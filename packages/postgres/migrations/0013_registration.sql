CREATE TABLE "registration_names" (
	"product_key" text collate "C" NOT NULL,
	"name" text collate "C" NOT NULL,
	"is_prefix" boolean NOT NULL,
	CONSTRAINT "registration_names_product_key_name_is_prefix_pk" PRIMARY KEY("product_key","name","is_prefix")
);
--> statement-breakpoint
ALTER TABLE "devices" ADD COLUMN "registered_at_ms" bigint;--> statement-breakpoint
ALTER TABLE "registration_names" ADD CONSTRAINT "registration_names_product_key_products_product_key_fk" FOREIGN KEY ("product_key") REFERENCES "public"."products"("product_key") ON DELETE cascade ON UPDATE no action;