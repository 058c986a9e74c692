package table

// lookFields are the columns of hosts and services with links, pictures and notes, and those that Onbu has nothing for.
func lookFields() []field[*object] {
	fields := []field[*object]{
		text("notes", "the notes", func(_ *Row, o *object) string { return notesOf(o) }),
		text("notes_expanded", "the notes, macros replaced", func(r *Row, o *object) string { return r.x.Expand(o.place, notesOf(o), vars(o)) }),
		text("notes_url", "an address with more about it", func(_ *Row, o *object) string { return o.policy().NotesURL }),
		text("notes_url_expanded", "an address with more about it, macros replaced", func(r *Row, o *object) string { return r.x.Expand(o.place, o.policy().NotesURL, vars(o)) }),
		text("action_url", "an address to act at", func(_ *Row, o *object) string { return o.policy().ActionURL }),
		text("action_url_expanded", "an address to act at, macros replaced", func(r *Row, o *object) string { return r.x.Expand(o.place, o.policy().ActionURL, vars(o)) }),
		text("icon_image", "a picture", func(_ *Row, o *object) string { return o.policy().IconImage }),
		text("icon_image_expanded", "a picture, macros replaced", func(r *Row, o *object) string { return r.x.Expand(o.place, o.policy().IconImage, vars(o)) }),
		text("icon_image_alt", "always empty: Onbu reads icon_image_alt and does not keep it", func(*Row, *object) string { return "" }),
		integer("check_options", "always 0", func(*Row, *object) int64 { return 0 }),
		integer("check_flapping_recovery_notification", "always 0", func(*Row, *object) int64 { return 0 }),
		truth("is_executing", "always 0: brokers do not know which checks are under way", func(*Row, *object) bool { return false }),
		truth("no_more_notifications", "whether people were told for the last time, because notification_interval is 0 (0/1)", func(_ *Row, o *object) bool {
			return o.policy().NotificationInterval == 0 && o.seldom().NotificationNumber > 0
		}),
		integer("pnpgraph_present", "always -1: whether there is a graph is not known", func(*Row, *object) int64 { return -1 }),
	}
	return fields
}

// mapFields are columns of hosts for maps that Onbu does not draw.
func mapFields() []field[*object] {
	fields := []field[*object]{
		text("filename", "always empty: where a definition stands is not kept", func(*Row, *object) string { return "" }),
		text("statusmap_image", "always empty", func(*Row, *object) string { return "" }),
	}
	for _, name := range []string{"x_3d", "y_3d", "z_3d"} {
		fields = append(fields, float(name, "always 0", func(*Row, *object) float64 { return 0 }))
	}
	return fields
}

func notesOf(o *object) string {
	if o.isHost() {
		return o.host().Notes
	}
	return o.inv.Service(o.place.ID).More().Notes
}
