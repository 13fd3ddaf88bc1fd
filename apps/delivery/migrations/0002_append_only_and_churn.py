"""Let the database refuse to change a delivery's history, and tune the tables that change all the time."""

from django.db import migrations

FORBID = """
CREATE FUNCTION delivery_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'delivery events are append-only' USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER delivery_event_append_only
    BEFORE UPDATE OR DELETE ON delivery_deliveryevent
    FOR EACH ROW EXECUTE FUNCTION delivery_event_is_append_only();
CREATE TRIGGER delivery_event_no_truncate
    BEFORE TRUNCATE ON delivery_deliveryevent
    FOR EACH STATEMENT EXECUTE FUNCTION delivery_event_is_append_only();
"""
ALLOW = """
DROP TRIGGER delivery_event_no_truncate ON delivery_deliveryevent;
DROP TRIGGER delivery_event_append_only ON delivery_deliveryevent;
DROP FUNCTION delivery_event_is_append_only();
"""
# Each row is rewritten three times (claim, intent, record): room for that on its own page, and a vacuum that
# comes by number of dead rows, not by share of a table that may hold millions.
CHURN = """
ALTER TABLE delivery_delivery SET (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
    autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0
);
ALTER TABLE delivery_bucket SET (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500
);
ALTER TABLE delivery_mailing SET (fillfactor = 50);
"""
AS_BEFORE = """
ALTER TABLE delivery_delivery RESET (
    fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_analyze_scale_factor,
    autovacuum_vacuum_cost_delay
);
ALTER TABLE delivery_bucket RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE delivery_mailing RESET (fillfactor);
"""


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW), migrations.RunSQL(CHURN, AS_BEFORE)]
