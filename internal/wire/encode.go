package wire

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tinylib/msgp/msgp"
)

func appendValue(dst []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Struct:
		return appendStruct(dst, v)
	case reflect.String:
		return msgp.AppendString(dst, v.String())
	case reflect.Bool:
		return msgp.AppendBool(dst, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return msgp.AppendInt64(dst, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return msgp.AppendUint64(dst, v.Uint())
	case reflect.Float32:
		return msgp.AppendFloat32(dst, float32(v.Float()))
	case reflect.Float64:
		return msgp.AppendFloat64(dst, v.Float())
	case reflect.Pointer:
		if v.IsNil() {
			return msgp.AppendNil(dst)
		}
		return appendValue(dst, v.Elem())
	case reflect.Slice:
		return appendSlice(dst, v)
	case reflect.Map:
		return appendMap(dst, v)
	}
	panic(fmt.Sprintf("wire: no noun has a %s", v.Type()))
}

func appendStruct(dst []byte, v reflect.Value) []byte {
	n := v.NumField()
	dst = msgp.AppendArrayHeader(dst, uint32(n))
	for i := range n {
		dst = appendValue(dst, v.Field(i))
	}
	return dst
}

func appendSlice(dst []byte, v reflect.Value) []byte {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return msgp.AppendBytes(dst, v.Bytes())
	}
	n := v.Len()
	dst = msgp.AppendArrayHeader(dst, uint32(n))
	for i := range n {
		dst = appendValue(dst, v.Index(i))
	}
	return dst
}

// appendMap writes the entries sorted by key, so that equal maps give equal bytes.
func appendMap(dst []byte, v reflect.Value) []byte {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	dst = msgp.AppendMapHeader(dst, uint32(len(keys)))
	for _, key := range keys {
		dst = msgp.AppendString(dst, key.String())
		dst = appendValue(dst, v.MapIndex(key))
	}
	return dst
}
