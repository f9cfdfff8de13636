CREATE TABLE "broadcast_turns" (
	"product_key" text collate "C" PRIMARY KEY NOT NULL,
	"last_at_ms" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "broadcast_turns" ADD CONSTRAINT "broadcast_turns_product_key_products_product_key_fk" FOREIGN KEY ("product_key") REFERENCES "public"."products"("product_key") ON DELETE cascade ON UPDATE no action;