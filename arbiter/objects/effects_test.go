package objects

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

// deciders are the folders whose code acts on a configuration, and carriers the files in them that only read it, hand it
// on or remember what a command switched.
var (
	deciders = []string{
		".", "../compile", "../../internal/app", "../../scheduler", "../../scheduler/core", "../../poller",
		"../../reactionner", "../../receiver", "../../scheduler/trigger",
	}
	carriers = []string{
		"mainfile.go", "mainfile_states.go", "mainfile_understood.go", "settings.go", "settings_key.go", "settings_values.go", "commands.go",
		"settings_shinken.go", "modulations.go",
		"contacts.go", "daemons.go", "hosts.go", "internal.go", "../compile/builder.go", "../compile/shared.go", "../compile/ties.go", "../../scheduler/core/obey_switch.go", "../../scheduler/core/obey_change.go",
	}
)

// mentioned gives every name that stands behind a dot in the code of the deciders. A field of the configuration that is
// not among them does nothing.
func mentioned(t *testing.T, dirs ...string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") || slices.Contains(carriers, path) {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for n := range ast.Preorder(file) {
				if s, ok := n.(*ast.SelectorExpr); ok {
					names[s.Sel.Name] = true
				}
			}
		}
	}
	return names
}

// bits names the switches.
var bits = map[monitor.Switch]string{
	monitor.ActiveChecks: "ActiveChecks", monitor.PassiveChecks: "PassiveChecks", monitor.Notifications: "Notifications",
	monitor.EventHandlers: "EventHandlers", monitor.FlapDetection: "FlapDetection",
	monitor.FreshnessChecks: "FreshnessChecks", monitor.Obsess: "Obsess", monitor.ProcessPerfdata: "ProcessPerfdata",
}

// apartOptions have destinations that do not say which field they are for; those without a field are done with when
// the files are read, or (obsess) asked for only to say that nothing is run, or (process_performance_data) about commands that
// Onbu does not run: exports ask for the switch of the object alone.
var apartOptions = map[string]string{
	"cfg_file": "", "cfg_dir": "", "resource_file": "",
	"accept_passive_host_checks": "PassiveChecks", "accept_passive_service_checks": "PassiveChecks",
	"service_check_timeout_state": "ServiceTimeoutState", "allow_empty_hostgroup_assignment": "AllowEmptyHostgroups",
	"global_host_event_handler": "GlobalHostHandler", "global_service_event_handler": "GlobalServiceHandler",
	"low_host_flap_threshold": "LowFlap", "high_host_flap_threshold": "HighFlap",
	"low_service_flap_threshold": "LowFlap", "high_service_flap_threshold": "HighFlap",
	"date_format": "DateFormat", "flap_history": "ShinkenFlapping", "triggers_dir": "", "trigger_max_steps": "TriggerSteps",
	"obsess_over_hosts": "", "obsess_over_services": "",
	"process_performance_data": "", "cut_packs": "CutPacks", "heavy_pack": "HeavyPack",
}

// fieldOf names the field or switch that an option sets.
func fieldOf(dst any, options reflect.Value) string {
	switch dst := dst.(type) {
	case status:
		return fieldOf(dst.dst, options)
	case switches:
		return bits[dst.bit]
	case []switches:
		return bits[dst[0].bit]
	}
	for field, value := range options.Fields() {
		if value.Kind() == reflect.Struct {
			if name := fieldOf(dst, value); name != "" {
				return name
			}
		}
		if p := reflect.ValueOf(dst); p.Kind() == reflect.Pointer && p.Type() == value.Addr().Type() && p.Pointer() == value.Addr().Pointer() {
			return field.Name
		}
	}
	return ""
}

func TestAnOptionIsActedOnOnlyIfSomethingAsksForIt(t *testing.T) {
	used := mentioned(t, deciders...)
	l := newLoader("", Opts{})
	for _, o := range slices.Concat(l.actedOptions(), l.stateOptions(), l.packOptions(), l.keptOptions()) {
		name := strings.Fields(o.names)[0]
		field, apart := apartOptions[name]
		if !apart {
			field = fieldOf(o.dst, reflect.ValueOf(&l.config.Options).Elem())
		}
		switch {
		case field == "" && !apart:
			t.Errorf("%s: where does it go? Name its field in apartOptions", name)
		case field != "" && used[field] != (o.effect == acted):
			t.Errorf("%s: listed as acted on: %v, but something asks for %s: %v", name, o.effect == acted, field, used[field])
		}
	}
}

// policyKeys says which directive becomes which field of a Policy or which switch.
var policyKeys = map[string]key{
	"MaxAttempts": keyMaxCheckAttempts, "CheckInterval": keyCheckInterval, "RetryInterval": keyRetryInterval,
	"CheckPeriod": keyCheckPeriod, "Volatile": keyVolatile, "FreshnessThreshold": keyFreshnessThreshold,
	"InitialState": keyInitialState, "NotificationPeriod": keyNotificationPeriod,
	"NotificationOptions": keyNotificationOptions, "NotificationInterval": keyNotificationInterval,
	"FirstNotificationDelay": keyFirstDelay, "Contacts": keyContacts, "EventHandler": keyEventHandler,
	"FlapOptions": keyFlapOptions, "LowFlap": keyLowFlap, "HighFlap": keyHighFlap, "Pool": keyPollerTag,
	"ReactionPool": keyReactionnerTag, "StalkingOptions": keyStalkingOptions, "BusinessImpact": keyBusinessImpact,
	"NotesURL": keyNotesURL, "ActionURL": keyActionURL, "IconImage": keyIconImage,
	"ActiveChecks": keyActiveChecks, "PassiveChecks": keyPassiveChecks, "Notifications": keyNotifications,
	"EventHandlers": keyEventHandlerEnabled, "FlapDetection": keyFlapDetection, "FreshnessChecks": keyCheckFreshness,
	"ProcessPerfdata":   keyPerfdata,
	"MaintenancePeriod": keyMaintenancePeriod, "SnapshotOptions": keySnapshotCommand,
	"SnapshotPeriod": keySnapshotPeriod, "SnapshotInterval": keySnapshotInterval,
	"ResultModulations": keyResultmodulations, "CheckModulations": keyCheckmodulations,
	"MacroModulations": keyMacromodulations, "ImpactModulations": keyImpactModulations,
	"Importance": keyImportance, "NoHostDependency": keyHostDependency,
}

// contactKeys is the same for contacts.
var contactKeys = map[string]key{
	"Name": keyContactName, "Alias": keyAlias, "Email": keyEmail, "Pager": keyPager, "Addresses": keyAddress1,
	"CanSubmit": keyCanSubmit, "Enabled": keyHostNotifications, "Period": keyHostNotificationPeriod,
	"Options": keyHostNotificationOptions, "Commands": keyHostNotificationCommands,
	"Ways": keyNotificationways, "MinBusinessImpact": keyMinImpact, "MinImportance": keyMinImportance,
}

func TestADirectiveIsActedOnOnlyIfSomethingAsksForIt(t *testing.T) {
	used := mentioned(t, deciders...)
	for _, x := range []struct {
		kind kind
		keys map[string]key
	}{{kHost, policyKeys}, {kService, policyKeys}, {kContact, contactKeys}} {
		for field, k := range x.keys {
			r := known.classes[x.kind].row[k]
			if r == nil {
				continue // is_volatile is for services only
			}
			if used[field] != (r.effect == acted) {
				t.Errorf("%s of %s: listed as acted on: %v, but something asks for %s: %v", r.names, x.kind, r.effect == acted, field, used[field])
			}
		}
	}
}

// tieKeys says which directives, and which kinds as a whole, become which list of an Inventory.
var tieKeys = map[string]struct {
	kinds []kind
	keys  []key
}{
	"Dependencies":      {kinds: []kind{kHostdependency, kServicedependency}, keys: []key{keyServiceDependencies}},
	"ServiceParents":    {},
	"Escalated":         {kinds: []kind{kHostescalation, kServiceescalation, kEscalation}, keys: []key{keyEscalations}},
	"Rules":             {keys: []key{keyRuleOutput, keyRuleSmart, keyRuleDowntime, keyRuleHostOptions, keyRuleServiceOptions, keyLabels}},
	"ResultModulations": {kinds: []kind{kResultmodulation}},
	"CheckModulations":  {kinds: []kind{kCheckmodulation}},
	"MacroModulations":  {kinds: []kind{kMacromodulation}},
	"ImpactModulations": {kinds: []kind{kBusinessimpactmodulation}},
}

func TestWhatTiesObjectsIsActedOnOnlyIfTheCoreAsksForIt(t *testing.T) {
	used := mentioned(t, "../../scheduler/core")
	for field, x := range tieKeys {
		for _, k := range x.kinds {
			class := &known.classes[k]
			if used[field] != (class.effect == acted) {
				t.Errorf("%s: listed as acted on: %v, but the core asks for %s: %v", k, class.effect == acted, field, used[field])
			}
			for _, key := range class.order {
				if r := class.row[key]; used[field] && r.effect == missed {
					t.Errorf("%s of %s: listed as missed, but the core asks for %s", r.names, k, field)
				}
			}
		}
		for _, key := range x.keys {
			for _, k := range []kind{kHost, kService} {
				if r := known.classes[k].row[key]; r != nil && used[field] != (r.effect == acted) {
					t.Errorf("%s of %s: listed as acted on: %v, but the core asks for %s: %v", r.names, k, r.effect == acted, field, used[field])
				}
			}
		}
	}
	if r := known.classes[kService].row[keyParents]; used["ServiceParents"] != (r.effect == acted) {
		t.Errorf("parents of services: listed as acted on: %v", r.effect == acted)
	}
}

// Who adds a field says which directive it is for, so that the test above looks after it.
func TestEveryFieldHasItsDirective(t *testing.T) {
	for field := range reflect.TypeFor[monitor.Policy]().Fields() {
		// The time limit of a check comes from its command or the main file; the switches are listed one by one; the name
		// of the command for snapshots is that of other things too; a realm is acted on nowhere but in a macro, and
		// contact groups as such are only shown.
		if _, ok := policyKeys[field.Name]; !ok && !slices.Contains([]string{"CheckTimeout", "Switches", "Snapshot", "RealmName", "ContactGroups"}, field.Name) {
			t.Errorf("which directive is Policy.%s? Name it in policyKeys", field.Name)
		}
	}
	for field := range reflect.TypeFor[monitor.Contact]().Fields() {
		if _, ok := contactKeys[field.Name]; !ok && !slices.Contains([]string{"Host", "Service", "Vars"}, field.Name) {
			t.Errorf("which directive is Contact.%s? Name it in contactKeys", field.Name)
		}
	}
	for field := range reflect.TypeFor[monitor.Way]().Fields() {
		if _, ok := contactKeys[field.Name]; !ok {
			t.Errorf("which directive is Way.%s? Name it in contactKeys", field.Name)
		}
	}
}
