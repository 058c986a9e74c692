package natsbus

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/internal/bus"
)

// Permissions are rights as a NATS server knows them. What is not listed is refused.
type Permissions struct {
	Publish, Subscribe []string
	// Answer allows one answer to each message that comes with a place for answers.
	Answer bool
}

// api begins the subjects of JetStream's own requests (nats-server 2.15, jetstream_api.go).
const api = "$JS.API."

// InboxOf begins the subjects of the answers that a daemon waits for: nobody else may read them.
func InboxOf(name string) string { return inboxes + "_" + bus.Token(name) }

// inboxes begins every place for answers.
const inboxes = "_INBOX"

// Permit translates the rights of a daemon of that name.
func Permit(name string, r bus.Rights) Permissions {
	p := permitted{}
	p.Answer = r.Answer
	p.publish(api+"INFO", api+"STREAM.NAMES")
	p.subscribe(InboxOf(name) + ".>")
	for _, s := range r.Send {
		p.publish(string(s))
	}
	for _, s := range r.Hear {
		p.subscribe(string(s))
	}
	for _, s := range r.Store {
		p.publish(string(s))
	}
	for _, s := range r.Read {
		p.read(string(s))
	}
	for _, s := range r.Forget {
		p.ask(string(s), "STREAM.PURGE.", "STREAM.INFO.")
	}
	for _, s := range r.Measure {
		p.ask(string(s), "STREAM.INFO.")
	}
	for _, t := range r.Take {
		p.take(t)
	}
	p.buckets(r)
	if r.Prepare {
		p.publish(api+"STREAM.CREATE.*", api+"STREAM.UPDATE.*", api+"STREAM.INFO.*")
		for _, s := range inMemory() {
			p.ask(s, "STREAM.DELETE.")
		}
	}
	slices.Sort(p.Publish)
	slices.Sort(p.Subscribe)
	return Permissions{Publish: slices.Compact(p.Publish), Subscribe: slices.Compact(p.Subscribe), Answer: p.Answer}
}

// permitted grows.
type permitted struct{ Permissions }

func (p *permitted) publish(subjects ...string) { p.Publish = append(p.Publish, subjects...) }

func (p *permitted) subscribe(subjects ...string) { p.Subscribe = append(p.Subscribe, subjects...) }

// ask allows requests of the kind "STREAM.INFO." about a stream.
func (p *permitted) ask(stream string, kinds ...string) {
	for _, k := range kinds {
		p.publish(api + k + stream)
	}
}

// look allows to look into a stream without a consumer.
func (p *permitted) look(stream string) {
	p.ask(stream, "STREAM.INFO.", "STREAM.MSG.GET.", "DIRECT.GET.")
}

// read allows to look into a stream and to have consumers of it that have no name. Their filter is part of the subject
// that creates them.
func (p *permitted) read(stream string) {
	p.look(stream)
	p.publish(api+"CONSUMER.CREATE."+stream+".*", api+"CONSUMER.CREATE."+stream+".*.>")
	p.consume(stream)
	p.publish(api + "CONSUMER.DELETE." + stream + ".*")
}

func (p *permitted) consume(stream string) {
	p.publish(api+"CONSUMER.INFO."+stream+".*", api+"CONSUMER.MSG.NEXT."+stream+".*")
}

// take allows a consumer with a name, and to say what was used.
func (p *permitted) take(t bus.Taking) {
	stream := string(t.Stream)
	p.ask(stream, "STREAM.INFO.")
	p.publish(api + "CONSUMER.CREATE." + stream + ".*." + literal(t.Filter))
	p.consume(stream)
	p.publish("$JS.ACK." + stream + ".*.>")
	if t.Alone {
		p.publish(api+"CONSUMER.NAMES."+stream, api+"CONSUMER.DELETE."+stream+".*")
	}
}

// literal gives the filter that the text of a filter falls under, in which a wildcard is a token like any other.
func literal(filter bus.Subject) string {
	tokens := strings.Split(string(filter), ".")
	for i, t := range tokens {
		if t == ">" {
			tokens[i] = "*"
		}
	}
	return strings.Join(tokens, ".")
}

func (p *permitted) buckets(r bus.Rights) {
	for _, k := range r.Get {
		p.ask(kvStream(k.Bucket), "STREAM.INFO.")
		p.publish(api + "DIRECT.GET." + kvStream(k.Bucket) + "." + kvSubject(k))
	}
	for _, k := range r.Put {
		p.publish(kvSubject(k))
	}
	for _, k := range r.Watch {
		p.watch(k)
	}
	for _, b := range r.Fetch {
		p.look(string(blobStream(b)))
	}
	for _, b := range r.Keep {
		p.look(string(blobStream(b)))
		p.ask(string(blobStream(b)), "STREAM.PURGE.", "STREAM.MSG.DELETE.")
		p.publish(blobRoot(b) + ">")
	}
}

// watch allows the library's watcher: a consumer that sends to the inbox, and its flow control.
func (p *permitted) watch(k bus.Keys) {
	stream := kvStream(k.Bucket)
	p.ask(stream, "STREAM.INFO.")
	p.publish(api+"CONSUMER.CREATE."+stream+".*."+kvSubject(k), api+"CONSUMER.DELETE."+stream+".*", "$JS.FC."+stream+".>")
}

func kvStream(b bus.Bucket) string { return "KV_" + string(b) }

func kvSubject(k bus.Keys) string { return "$KV." + string(k.Bucket) + "." + k.Key }
