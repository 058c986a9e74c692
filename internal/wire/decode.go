package wire

import (
	"errors"
	"fmt"
	"hash/maphash"
	"reflect"
	"unsafe"

	"github.com/tinylib/msgp/msgp"
)

// Decoder decodes messages one after the other and remembers strings that come again (host names, modules), so that
// they are kept once and cost no allocation. The zero value is ready; one goroutine may use it.
type Decoder struct {
	// Alias has strings lie in the message, as []byte do, which then must never change and stays in memory as long as one
	// of them is kept: for readers that keep little.
	Alias bool

	seen   []string // direct-mapped by hash; made at the first short string
	seed   maphash.Seed
	budget int
}

const (
	seenSlots  = 1 << 12
	internUpTo = 48 // bytes; longer strings seldom come again
)

// Decode decodes a message into v, a pointer. []byte fields point into b afterwards; strings do not, unless d.Alias.
func (d *Decoder) Decode(b []byte, v any) error {
	b, err := d.open(b)
	if err != nil {
		return err
	}
	_, err = d.noun(b, v)
	return err
}

func (d *Decoder) open(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, errors.New("empty message")
	}
	if b[0] != Form {
		return nil, fmt.Errorf("message of form %d instead of %d: %w", b[0], Form, ErrVersion)
	}
	d.budget = len(b)*unfoldFactor + unfoldBase
	return b[1:], nil
}

// spend takes n bytes of memory from the message's allowance.
func (d *Decoder) spend(n int) error {
	if d.budget -= n; d.budget < 0 {
		return errors.New("message unfolds to more memory than its size allows")
	}
	return nil
}

func (d *Decoder) value(b []byte, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.Struct:
		return d.structure(b, v)
	case reflect.String:
		raw, b, err := msgp.ReadStringZC(b)
		v.SetString(d.intern(raw))
		return b, err
	case reflect.Pointer:
		return d.pointer(b, v)
	case reflect.Slice:
		return d.slice(b, v)
	case reflect.Map:
		return d.mapping(b, v)
	}
	return scalar(b, v)
}

func scalar(b []byte, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.Bool:
		x, b, err := msgp.ReadBoolBytes(b)
		v.SetBool(x)
		return b, err
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		x, b, err := msgp.ReadInt64Bytes(b)
		if err == nil && v.OverflowInt(x) {
			err = fmt.Errorf("%d does not fit into %s", x, v.Type())
		}
		v.SetInt(x)
		return b, err
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		x, b, err := msgp.ReadUint64Bytes(b)
		if err == nil && v.OverflowUint(x) {
			err = fmt.Errorf("%d does not fit into %s", x, v.Type())
		}
		v.SetUint(x)
		return b, err
	case reflect.Float32:
		x, b, err := msgp.ReadFloat32Bytes(b)
		v.SetFloat(float64(x))
		return b, err
	case reflect.Float64:
		x, b, err := msgp.ReadFloat64Bytes(b)
		v.SetFloat(x)
		return b, err
	}
	panic(fmt.Sprintf("wire: no noun has a %s", v.Type()))
}

func (d *Decoder) structure(b []byte, v reflect.Value) ([]byte, error) {
	sent, b, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil {
		return b, fmt.Errorf("%s: %w", v.Type().Name(), err)
	}
	known := v.NumField()
	for i := range int(sent) {
		if i < known {
			b, err = d.value(b, v.Field(i))
		} else {
			b, err = msgp.Skip(b)
		}
		if err != nil {
			return b, fmt.Errorf("%s, field %d: %w", v.Type().Name(), i, err)
		}
	}
	return b, nil
}

func (d *Decoder) pointer(b []byte, v reflect.Value) ([]byte, error) {
	if msgp.IsNil(b) {
		v.SetZero()
		return msgp.ReadNilBytes(b)
	}
	if err := d.spend(int(v.Type().Elem().Size())); err != nil {
		return b, err
	}
	v.Set(reflect.New(v.Type().Elem()))
	return d.value(b, v.Elem())
}

func (d *Decoder) slice(b []byte, v reflect.Value) ([]byte, error) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		raw, b, err := msgp.ReadBytesZC(b)
		v.SetBytes(raw)
		return b, err
	}
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil {
		return b, err
	}
	if n == 0 {
		v.SetZero()
		return b, nil
	}
	if int(n) > len(b) {
		return b, fmt.Errorf("list of %d in %d bytes", n, len(b))
	}
	if err := d.spend(int(n) * int(v.Type().Elem().Size())); err != nil {
		return b, err
	}
	v.Set(reflect.MakeSlice(v.Type(), int(n), int(n)))
	for i := range int(n) {
		if b, err = d.value(b, v.Index(i)); err != nil {
			return b, err
		}
	}
	return b, nil
}

func (d *Decoder) mapping(b []byte, v reflect.Value) ([]byte, error) {
	n, b, err := msgp.ReadMapHeaderBytes(b)
	if err != nil {
		return b, err
	}
	if int(n) > len(b) {
		return b, fmt.Errorf("map of %d in %d bytes", n, len(b))
	}
	entry := int(v.Type().Key().Size()+v.Type().Elem().Size()) * 2
	if err := d.spend(int(n) * entry); err != nil {
		return b, err
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), int(n)))
	key := reflect.New(v.Type().Key()).Elem()
	for range n {
		elem := reflect.New(v.Type().Elem()).Elem()
		if b, err = d.value(b, key); err != nil {
			return b, err
		}
		if b, err = d.value(b, elem); err != nil {
			return b, err
		}
		v.SetMapIndex(key, elem)
	}
	return b, nil
}

// intern makes a string of raw; a short one that was seen lately is the same string again. With Alias it is raw itself.
func (d *Decoder) intern(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	if d.Alias {
		return unsafe.String(unsafe.SliceData(raw), len(raw))
	}
	if len(raw) > internUpTo {
		return string(raw)
	}
	if d.seen == nil {
		d.seen, d.seed = make([]string, seenSlots), maphash.MakeSeed()
	}
	slot := &d.seen[maphash.Bytes(d.seed, raw)%seenSlots]
	if *slot != unsafe.String(unsafe.SliceData(raw), len(raw)) {
		*slot = string(raw)
	}
	return *slot
}
