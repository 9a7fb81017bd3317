package org.otfuse.models;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Changes to a message that stays well-formed: somewhere inside it a field is changed, removed,
 * repeated, or taken from elsewhere. It reaches behind the parser, where changed bytes seldom do.
 */
final class ProtoMutations {
  /** Messages of the other input that may be copied from, at most. */
  private static final int DONORS = 1000;

  private final Random random;
  private final List<Message> donors = new ArrayList<>();

  private ProtoMutations(Message other, Random random) {
    this.random = random;
    collect(other);
  }

  /**
   * Makes another message.
   *
   * @param other of the same type, parts of which may be taken over
   */
  static Message mutate(Message message, Message other, Random random) {
    return new ProtoMutations(other, random).mutate(message);
  }

  private void collect(Message message) {
    for (Object value : message.getAllFields().values()) {
      for (Object item : value instanceof List<?> list ? list : List.of(value)) {
        if (item instanceof Message inner && donors.size() < DONORS) {
          donors.add(inner);
          collect(inner);
        }
      }
    }
  }

  private Message mutate(Message message) {
    Message.Builder builder = message.toBuilder();
    List<FieldDescriptor> set = new ArrayList<>(message.getAllFields().keySet());
    set.removeIf(f -> f.getJavaType() != FieldDescriptor.JavaType.MESSAGE);
    if (!set.isEmpty() && random.nextInt(6) > 0) {
      FieldDescriptor field = set.get(random.nextInt(set.size()));
      if (!field.isRepeated()) {
        return builder.setField(field, mutate((Message) message.getField(field))).build();
      }
      int index = random.nextInt(message.getRepeatedFieldCount(field));
      Message inner = (Message) message.getRepeatedField(field, index);
      return builder.setRepeatedField(field, index, mutate(inner)).build();
    }
    List<FieldDescriptor> all = message.getDescriptorForType().getFields();
    FieldDescriptor field = all.get(random.nextInt(all.size()));
    if (!set.isEmpty() && random.nextBoolean()) {
      field = set.get(random.nextInt(set.size()));
    }
    if (field.isRepeated()) {
      mutateList(builder, field);
    } else if (random.nextInt(4) == 0) {
      builder.clearField(field);
    } else {
      builder.setField(field, value(builder, field, builder.getField(field)));
    }
    return builder.build();
  }

  private void mutateList(Message.Builder builder, FieldDescriptor field) {
    int count = builder.getRepeatedFieldCount(field);
    if (count == 0 || random.nextInt(3) == 0) {
      Object example = count == 0 ? null : builder.getRepeatedField(field, random.nextInt(count));
      Object added = random.nextBoolean() && count > 0 ? example : value(builder, field, example);
      builder.addRepeatedField(field, added);
    } else if (random.nextInt(3) == 0) {
      List<Object> items = new ArrayList<>((List<?>) builder.getField(field));
      items.remove(random.nextInt(count));
      builder.setField(field, items);
    } else {
      int index = random.nextInt(count);
      Object other = builder.getRepeatedField(field, random.nextInt(count));
      builder.setRepeatedField(
          field, index, random.nextBoolean() ? other : value(builder, field, other));
    }
  }

  private Object value(Message.Builder parent, FieldDescriptor field, Object old) {
    return switch (field.getJavaType()) {
      case INT -> random.nextBoolean() ? random.nextInt(20) : (int) ByteMutations.extreme(random);
      case LONG ->
          random.nextInt(4) > 0 ? (long) random.nextInt(20) - 4 : ByteMutations.extreme(random);
      case FLOAT ->
          random.nextBoolean() ? random.nextFloat() : Float.intBitsToFloat(random.nextInt());
      case DOUBLE -> random.nextDouble();
      case BOOLEAN -> random.nextBoolean();
      case STRING -> text(String.valueOf(old));
      case BYTE_STRING -> bytes(old);
      case ENUM ->
          field
              .getEnumType()
              .getValues()
              .get(random.nextInt(field.getEnumType().getValues().size()));
      case MESSAGE -> message(parent, field, old);
    };
  }

  /** Another name that occurs somewhere, so that nodes come to be linked otherwise. */
  private String text(String old) {
    if (!donors.isEmpty() && random.nextInt(5) > 0) {
      Message donor = donors.get(random.nextInt(donors.size()));
      List<String> texts = new ArrayList<>();
      for (Object value : donor.getAllFields().values()) {
        for (Object item : value instanceof List<?> list ? list : List.of(value)) {
          if (item instanceof String text) {
            texts.add(text);
          }
        }
      }
      if (!texts.isEmpty()) {
        return texts.get(random.nextInt(texts.size()));
      }
    }
    return old + "x";
  }

  private ByteString bytes(Object old) {
    byte[] bytes = old instanceof ByteString string ? string.toByteArray() : new byte[0];
    return ByteString.copyFrom(ByteMutations.mutate(bytes, bytes, random));
  }

  private Message message(Message.Builder parent, FieldDescriptor field, Object old) {
    List<Message> fitting =
        donors.stream().filter(d -> d.getDescriptorForType() == field.getMessageType()).toList();
    if (!fitting.isEmpty() && random.nextInt(4) > 0) {
      return fitting.get(random.nextInt(fitting.size()));
    }
    return old instanceof Message message
            && message.getDescriptorForType() == field.getMessageType()
        ? mutate(message)
        : parent.newBuilderForField(field).build();
  }
}
