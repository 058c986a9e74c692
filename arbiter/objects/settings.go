package objects

import (
	"encoding/binary"
	"time"

	"github.com/onbu/onbu/monitor"
)

// perObject are the directives of hosts and services that do not go into Settings.
var perObject = map[key]bool{
	keyUse: true, keyName: true, keyRegister: true, keyVar: true, keyFree: true,
	keyHostName: true, keyHostgroupName: true, keyServiceDescription: true, keyDisplayName: true, keyAlias: true,
	keyAddress: true, keyParents: true, keyHostgroups: true, keyServicegroups: true, keyCheckCommand: true,
	keyNotes: true, keyDuplicateForeach: true, keyDefaultValue: true,
}

// apart is perObject as a table, for the hot path.
func apart() []bool {
	t := make([]bool, len(known.names))
	for k := range perObject {
		t[k] = true
	}
	return t
}

// settingsOf gives the number of the Settings of the host or service in view. from is its host's model, for services.
//
// What the directives say together is worked out once for each way to say it: the way is the base and the definition's
// own lines.
func (l *loader) settingsOf(v *view, from uint32) uint32 {
	b := append(l.scratch[:0], byte(v.kind))
	b = binary.LittleEndian.AppendUint32(b, v.base.id)
	b = binary.LittleEndian.AppendUint32(b, from)
	for i := range v.items {
		if it := &v.items[i]; !l.apart[it.key] {
			s := v.src.value(it)
			b = binary.LittleEndian.AppendUint16(b, uint16(it.key))
			b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
			b = append(b, s...)
		}
	}
	l.scratch = b
	if n, ok := l.raws[string(b)]; ok {
		return n
	}
	id := string(b)
	before := l.mistakes.said
	n := l.keep(l.work(v, from))
	if l.mistakes.said == before || l.again > kept {
		l.raws[id] = n
	} else {
		l.again++ // the next one that says the same is at fault too, and wants its own line
	}
	return n
}

// keep gives equal Settings one number.
func (l *loader) keep(s Settings) uint32 {
	b := encode(l.scratch[:0], &s)
	l.scratch = b
	if n, ok := l.settings[string(b)]; ok {
		return n
	}
	n := uint32(len(l.config.Settings))
	l.config.Settings = append(l.config.Settings, s)
	l.settings[string(b)] = n
	return n
}

// work reads the settings of the host or service in view.
func (l *loader) work(v *view, from uint32) Settings {
	s := Settings{Realm: monitor.None}
	s.MaxAttempts = l.attempts(v)
	s.CheckInterval = l.checkInterval(v)
	s.RetryInterval = l.units(v, keyRetryInterval, 1)
	s.CheckPeriod = l.period(v, keyCheckPeriod)
	s.Switches = l.switches(v)
	s.Volatile = l.on(v, keyVolatile, false)
	s.FreshnessThreshold = duration(l.num(v, keyFreshnessThreshold, 0), time.Second)
	s.InitialState = initialState(v)
	s.NotificationOptions = l.optionsOf(v, keyNotificationOptions, "a")
	s.NotificationInterval = l.units(v, keyNotificationInterval, l.defaultRepeat())
	s.FirstNotificationDelay = l.units(v, keyFirstDelay, 0)
	s.NotificationPeriod = l.period(v, keyNotificationPeriod)
	s.Contacts, s.ContactGroups = l.contactsOf(v), l.contactGroupsOf(v)
	s.EventHandler = l.callOf(v.get(keyEventHandler), "event_handler")
	s.FlapOptions = l.optionsOf(v, keyFlapOptions, "a")
	s.StalkingOptions = l.optionsOf(v, keyStalkingOptions, "n")
	s.LowFlap, s.HighFlap = l.flap(v)
	s.Pool, s.ReactionPool = tag(v, keyPollerTag), tag(v, keyReactionnerTag)
	s.BusinessImpact = l.impact(v, keyBusinessImpact, 2)
	s.NotesURL, s.ActionURL, s.IconImage = v.str(keyNotesURL), v.str(keyActionURL), v.str(keyIconImage)
	s.Importance = uint32(clamp(l.num(v, keyImportance, 0), 0, 1<<31))
	l.shinkenSettings(v, &s)
	if realm := v.get(keyRealm); v.kind == kHost && realm.given() {
		if i, ok := l.one(kRealm, realm.s, realm.pos, "realm"); ok {
			s.Realm = int32(i)
		}
	}
	if v.kind == kService {
		l.pull(v, &s, from)
	}
	l.checkRefs(v)
	l.checkTag(v, keyPollerTag, kPoller, Error)
	l.checkTag(v, keyReactionnerTag, kReactionner, Error)
	l.checkSettings(v, &s)
	return s
}

// model gives the Settings of which a service may take what it needs in place of those of its host: the first that agree
// in all that services take. So that hosts that differ in their URLs do not make their services differ.
func (l *loader) model(host uint32) uint32 {
	if int(host) < len(l.models) && l.models[host] > 0 {
		return l.models[host] - 1
	}
	s := &l.config.Settings[host]
	part := Settings{}
	part.Contacts, part.NotificationInterval, part.NotificationPeriod = s.Contacts, s.NotificationInterval, s.NotificationPeriod
	part.ContactGroups = s.ContactGroups
	part.CheckPeriod, part.Pool, part.ReactionPool, part.BusinessImpact = s.CheckPeriod, s.Pool, s.ReactionPool, s.BusinessImpact
	part.MaintenancePeriod, part.Escalations = s.MaintenancePeriod, s.Escalations
	part.ResultModulations, part.ImpactModulations = s.ResultModulations, s.ImpactModulations
	id := string(encode(nil, &part))
	m, ok := l.modelOf[id]
	if !ok {
		m = host
		l.modelOf[id] = m
	}
	for len(l.models) <= int(host) {
		l.models = append(l.models, 0)
	}
	l.models[host] = m + 1
	return m
}

// pull takes from the host what the service does not say.
func (l *loader) pull(v *view, s *Settings, from uint32) {
	host := &l.config.Settings[from]
	if !v.get(keyContacts).set && !v.get(keyContactGroups).set {
		s.Contacts, s.ContactGroups = host.Contacts, host.ContactGroups
	}
	if !v.get(keyNotificationInterval).set {
		s.NotificationInterval = host.NotificationInterval
	}
	if !v.get(keyNotificationPeriod).set {
		s.NotificationPeriod = host.NotificationPeriod
	}
	if l.shinken {
		l.pullShinken(v, s, host)
	}
}
