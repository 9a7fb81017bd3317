package org.otfuse.cuda;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/** An address that something else owns, as JavaCPP wants it. */
final class Address extends Pointer {
  Address(long address) {
    super((Pointer) null);
    this.address = address;
  }

  /** So many floats further on. */
  static long after(long address, long floats) {
    return Math.addExact(address, Math.multiplyExact(floats, Float.BYTES));
  }

  /** For members of structs; null for 0. */
  static FloatPointer floats(long address) {
    return address == 0 ? null : new FloatPointer(new Address(address));
  }

  static IntPointer ints(long address) {
    return address == 0 ? null : new IntPointer(new Address(address));
  }
}
