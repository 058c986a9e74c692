package snmp

import (
	"errors"
	"unsafe"
)

// Version is a version of SNMP as it stands in messages.
type Version uint8

// The versions.
const (
	Version1  Version = 0
	Version2c Version = 1
	Version3  Version = 3
)

// maxMessage is the largest message that fits a UDP datagram over IPv4; it is what we say we take (RFC 3412, msgMaxSize).
const maxMessage = 65507

// maxBindings bounds what an answer may hold: nobody asks for more.
const maxBindings = 1024

// errStray says that a datagram is no answer to what was asked: of another request, another kind, or no SNMP at all.
// Whoever waits goes on waiting.
var errStray = errors.New("not an answer to this request")

// Binding is an object and its value, as encoded.
type Binding struct {
	Name OID
	// Tag is the type of the value, one of the Tag constants; 0 if the agent refused the object with the error-status
	// Status (RFC 3416, 3: 2 is noSuchName).
	Tag    byte
	Status uint8
	Value  []byte
}

// Missing says whether the agent has no such object, in any of the ways to say so.
func (b *Binding) Missing() bool {
	const noSuchName = 2
	return b.Tag >= TagNoSuchObject && b.Tag <= TagEndOfMibView || b.Status == noSuchName
}

// pdu is a request or an answer (RFC 3416, 3).
type pdu struct {
	kind     byte
	request  int32
	status   int // error-status, in a GETBULK non-repeaters
	index    int // error-index, counted from 1; in a GETBULK max-repetitions
	bindings []Binding
}

// request makes the PDU that asks for names.
func request(kind byte, id int32, names []OID) pdu {
	p := pdu{kind: kind, request: id, bindings: make([]Binding, len(names))}
	for i, name := range names {
		p.bindings[i] = Binding{Name: name, Tag: TagNull}
	}
	return p
}

func (b *Binding) size() int { return tlvSize(len(b.Name)) + tlvSize(len(b.Value)) }

// sizes gives the lengths of the bodies of the PDU and of its list of bindings.
func (p *pdu) sizes() (body, list int) {
	for i := range p.bindings {
		list += tlvSize(p.bindings[i].size())
	}
	return intSize(int64(p.request)) + intSize(int64(p.status)) + intSize(int64(p.index)) + tlvSize(list), list
}

func (p *pdu) append(b []byte) []byte {
	body, list := p.sizes()
	b = appendHead(b, p.kind, body)
	b = appendInt(b, int64(p.request))
	b = appendInt(b, int64(p.status))
	b = appendInt(b, int64(p.index))
	b = appendHead(b, tagSequence, list)
	for i := range p.bindings {
		v := &p.bindings[i]
		b = appendHead(b, tagSequence, v.size())
		b = append(appendHead(b, TagOID, len(v.Name)), v.Name...)
		b = append(appendHead(b, v.Tag, len(v.Value)), v.Value...)
	}
	return b
}

// clone gives the PDU with memory of its own.
func (p *pdu) clone() pdu {
	c := *p
	c.bindings = make([]Binding, len(p.bindings))
	for i, v := range p.bindings {
		v.Name, v.Value = OID(append([]byte(nil), v.Name...)), append([]byte(nil), v.Value...)
		c.bindings[i] = v
	}
	return c
}

// read takes an answer off r. It uses the room in p.bindings; names and values lie in the message.
func (p *pdu) read(r *reader) error {
	kind, body := r.element()
	if kind != tagResponse && kind != tagReport {
		return errStray
	}
	p.kind, p.request, p.status, p.index = kind, int32(body.int()), int(body.int()), int(body.int())
	p.bindings = p.bindings[:0]
	list := body.enter(tagSequence)
	for list.more() {
		if len(p.bindings) == maxBindings {
			return errBER
		}
		v, ok := readBinding(&list)
		if !ok {
			return errBER
		}
		p.bindings = append(p.bindings, v)
	}
	return list.err
}

func readBinding(list *reader) (Binding, bool) {
	r := list.enter(tagSequence)
	name := r.enter(TagOID)
	tag, value := r.element()
	if value.err != nil || name.err != nil {
		return Binding{}, false
	}
	if !validOID(name.bytes()) || !validValue(tag, value.bytes()) {
		return Binding{}, false
	}
	return Binding{Name: view(name.bytes()), Tag: tag, Value: value.bytes()}, true
}

// view gives octets as an OID without copying them: it changes when they do.
func view(b []byte) OID { return OID(unsafe.String(unsafe.SliceData(b), len(b))) }

// validValue says whether a value is one that net-snmp takes; for others it drops the whole message.
func validValue(tag byte, b []byte) bool {
	switch tag {
	case TagInteger:
		return len(b) > 0 && len(b) <= 8
	case TagCounter32, TagGauge32, TagTimeTicks, TagUInteger, TagCounter64:
		return len(b) > 0 && len(b) <= 8 || len(b) == 9 && b[0] == 0
	case TagOID:
		return validOID(b)
	case TagIPAddress:
		return len(b) == 4
	case TagBits:
		return len(b) > 0
	case TagOctets, TagOpaque, TagNull, TagNoSuchObject, TagNoSuchInstance, TagEndOfMibView:
		return true
	}
	return false
}

// appendCommunity appends a message of version 1 or 2c.
func appendCommunity(b []byte, version Version, community string, p *pdu) []byte {
	body, _ := p.sizes()
	b = appendHead(b, tagSequence, 3+tlvSize(len(community))+tlvSize(body))
	b = append(b, TagInteger, 1, byte(version))
	b = append(appendHead(b, TagOctets, len(community)), community...)
	return p.append(b)
}

// readCommunity reads an answer of version 1 or 2c. The community is not looked at, as with net-snmp: what ties the
// answer to the request is its number and the address it came from.
func (p *pdu) readCommunity(msg []byte) (Version, error) {
	all := newReader(msg)
	r := all.enter(tagSequence)
	version := r.int()
	r.octets()
	if r.err != nil {
		return 0, r.err
	}
	if version != int64(Version1) && version != int64(Version2c) {
		return 0, errStray
	}
	return Version(version), p.read(&r)
}
